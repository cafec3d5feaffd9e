"""A sound is heard beside the picture with which it was captured, from the first one of a mux session on."""

from itertools import pairwise

import numpy as np
import pytest

from services.ingest.sources.source import AudioCodec, AudioTrack, VideoCodec
from tests.unit.media.feed import START_MS, Feed, MuxSession
from tests.unit.media.samples import Sound, clicks, clip, sound

MS = 0.001


def heard(session: MuxSession) -> list[float]:
    """When each click begins, in seconds after the first picture is shown."""
    with session.open() as container:
        first_picture = next(container.decode(video=0)).time
    assert first_picture is not None
    onsets: list[float] = []
    quiet_since = float("-inf")
    with session.open() as container:
        for frame in container.decode(audio=0):
            assert frame.time is not None
            for i in np.flatnonzero(np.abs(frame.to_ndarray()).min(axis=0) > 0.2):  # in all channels
                at = frame.time - first_picture + int(i) / frame.sample_rate
                if at - quiet_since > 0.05:
                    onsets.append(at)
                quiet_since = at
    return onsets


def audio_frames(session: MuxSession) -> list[tuple[float, float]]:
    """When each audio frame begins and ends by the container, in seconds after the first picture is shown."""
    with session.open() as container:
        first_picture = next(container.decode(video=0)).time
    assert first_picture is not None
    with session.open() as container:
        stream = container.streams.audio[0]
        assert stream.time_base is not None
        return [
            (
                float((packet.pts or 0) * stream.time_base) - first_picture,
                float(((packet.pts or 0) + (packet.duration or 0)) * stream.time_base) - first_picture,
            )
            for packet in container.demux(stream)
            if packet.size
        ]


def expect_no_hole(session: MuxSession) -> None:
    """Each frame of audio begins where the one before it ended."""
    for (_, end), (start, _) in pairwise(audio_frames(session)):
        assert start == pytest.approx(end, abs=1e-6)


@pytest.mark.parametrize("codec", ["pcma", "pcmu"])
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (8000, 2), (16000, 1), (48000, 2)])
@pytest.mark.parametrize("late_ms", [0, 7, 300])
def test_g711_is_heard_at_its_instant(codec: str, rate: int, channels: int, late_ms: int) -> None:
    """`late_ms`: of the audio's first sample after the first picture."""
    at = (0.13, 0.31, 1.0, 2.4321, 3.9)
    beeps = clicks("pcma" if codec == "pcma" else "pcmu", *at, rate=rate, channels=channels)
    feed = Feed()
    feed.stream.on_tracks(clip(seconds=5).video, beeps.track)
    feed.play(clip(seconds=5), beeps, audio_late_ms=late_ms)
    feed.stream.finish()

    assert heard(feed.session) == pytest.approx([one + late_ms * MS for one in at], abs=2 * MS)
    expect_no_hole(feed.session)
    frame_s = 1024 / rate
    (start, _), *_, (_, end) = audio_frames(feed.session)
    assert start == pytest.approx(max(0, late_ms * MS - frame_s), abs=MS)
    assert end == pytest.approx(4 + late_ms * MS, abs=MS)


def test_sound_comes_in_where_audio_begins_well_after_the_picture() -> None:
    """Not a sample of it is lost, since there is time for a frame of silence before."""
    beeps = clicks("pcma", 0, 0.2)
    feed = Feed()
    feed.stream.on_tracks(clip().video, beeps.track)
    feed.play(clip(), beeps, audio_late_ms=200)
    feed.stream.finish()
    assert heard(feed.session) == pytest.approx([0.2, 0.4], abs=2 * MS)


def test_the_first_128_ms_of_g711_are_silence_and_not_a_mirror_image() -> None:
    """A decoder cannot tell the first frame's sound from its mirror image in time."""
    beeps = clicks("pcma", 0.03, 0.09, 0.15)
    feed = Feed()
    feed.stream.on_tracks(clip().video, beeps.track)
    feed.play(clip(), beeps)
    feed.stream.finish()
    assert heard(feed.session) == pytest.approx([0.15], abs=2 * MS)


@pytest.mark.parametrize(("codec", "b_frames"), [("h264", 2), ("h265", 2)])
def test_sound_goes_with_pictures_that_are_reordered(codec: VideoCodec, b_frames: int) -> None:
    pictures, beeps = clip(codec, b_frames=b_frames), clicks("pcma", 0.15, 2)
    feed = Feed()
    feed.stream.on_tracks(pictures.video, beeps.track)
    feed.play(pictures, beeps)
    feed.stream.finish()
    assert heard(feed.session) == pytest.approx([0.15, 2], abs=2 * MS)


@pytest.mark.parametrize("ahead_ms", [-250, 0, 80])
def test_sender_reports_place_the_sound_however_late_it_arrives(ahead_ms: int) -> None:
    """`ahead_ms`: by how much the camera's first sample is older than its first picture."""
    beeps = clicks("pcma", 0.3, 2)
    feed = Feed()
    feed.stream.on_tracks(clip().video, beeps.track)
    feed.stream.on_sender_report("video", START_MS, 0)
    feed.stream.on_sender_report("audio", START_MS - ahead_ms, 0)
    feed.play(clip(), beeps, audio_late_ms=150)
    feed.stream.finish()
    expected = [0.3 - ahead_ms * MS, 2 - ahead_ms * MS]
    assert heard(feed.session) == pytest.approx(expected, abs=2 * MS)
    assert audio_frames(feed.session)[0][0] >= 0


def test_lost_and_repeated_packets_do_not_shift_what_follows() -> None:
    beeps = clicks("pcma", 0.3, 1, 2, 3, 3.5)
    packets = [*beeps.packets[:60], *beeps.packets[61:110], *beeps.packets[105:160], *beeps.packets[170:]]
    feed = Feed()
    feed.stream.on_tracks(clip().video, beeps.track)
    feed.play(clip(), Sound(beeps.track, tuple(packets)))
    feed.stream.finish()
    assert heard(feed.session) == pytest.approx([0.3, 1, 2, 3, 3.5], abs=2 * MS)
    expect_no_hole(feed.session)


@pytest.mark.parametrize("rate", [8000, 32000, 48000])
@pytest.mark.parametrize("late_ms", [0, 15, 200])
def test_aac_of_the_camera_keeps_its_times_from_the_first_frame_on(rate: int, late_ms: int) -> None:
    tone = sound("aac", rate=rate)
    feed = Feed()
    feed.stream.on_tracks(clip(seconds=5).video, tone.track)
    feed.play(clip(seconds=5), tone, audio_late_ms=late_ms)
    feed.stream.finish()

    starts = [start for start, _ in audio_frames(feed.session)]
    stamps = [stamp / rate + late_ms * MS for _, stamp in tone.packets]
    assert starts == pytest.approx(stamps, abs=MS)
    expect_no_hole(feed.session)


@pytest.mark.parametrize(
    ("config", "rate", "samples"),
    [
        pytest.param("2b098800", 24_000, 1024, id="bands are replicated, the core's clock"),
        pytest.param("2b098800", 48_000, 2048, id="bands are replicated"),
        pytest.param("1308", 48_000, 2048, id="bands are replicated, which is not told"),
        pytest.param("1588", 16_000, 2048, id="a camera that tells 8 kHz"),
    ],
)
def test_aac_counts_in_the_clock_of_its_source_whatever_its_configuration_tells(
    config: str, rate: int, samples: int
) -> None:
    packets = tuple((bytes(100), at) for at in range(0, 4 * rate, samples))
    frames = Sound(AudioTrack("aac", rate, 1, bytes.fromhex(config)), packets)
    feed = Feed()
    feed.stream.on_tracks(clip().video, frames.track)
    feed.play(clip(), frames)
    feed.stream.finish()

    starts = [start for start, _ in audio_frames(feed.session)]
    assert starts == pytest.approx([at / rate for _, at in packets], abs=MS)
    expect_no_hole(feed.session)


@pytest.mark.parametrize("codec", ["pcma", "aac"])
def test_sound_of_two_sessions_does_not_overlap(codec: AudioCodec) -> None:
    """New parameter sets begin a new mux in the middle of an audio frame."""
    small, large = clip(), clip(size=(640, 360))
    feed = Feed()
    at = (0.2, 3.98, 4.2, 7.9)
    beeps = clicks("pcma", *at, seconds=8) if codec == "pcma" else sound("aac", seconds=8, rate=16000)
    rate = beeps.track.clock_rate
    feed.stream.on_tracks(small.video, beeps.track)
    first = Sound(beeps.track, tuple(one for one in beeps.packets if one[1] < 4 * rate))
    rest = Sound(beeps.track, tuple((data, pts - 4 * rate) for data, pts in beeps.packets if pts >= 4 * rate))
    feed.play(small, first)
    feed.stream.on_parameter_sets(large.video.parameter_sets)
    feed.play(large, rest, pts=4 * 90_000)
    feed.stream.finish()

    before, after = feed.collected.sessions
    begin_s = (after.fragments[0].start_ms - before.fragments[0].start_ms) * MS
    assert audio_frames(before)[-1][1] <= begin_s + audio_frames(after)[0][0] + MS
    assert begin_s + audio_frames(after)[0][0] - audio_frames(before)[-1][1] < 1024 / rate
    if codec == "pcma":
        sounds = heard(before) + [begin_s + one for one in heard(after)]
        assert sounds == pytest.approx(at, abs=2 * MS)


def test_sound_between_the_pictures_of_a_slow_camera_is_heard_at_its_instant() -> None:
    pictures, beeps = clip(seconds=0.4, gop=2), clicks("pcma", 0.2, 1.5, 4.75, 9.2, seconds=10)
    feed = Feed()
    feed.stream.on_tracks(pictures.video, beeps.track)
    feed.play(pictures, beeps, interval_ms=1000)
    feed.stream.finish()
    assert heard(feed.session) == pytest.approx([0.2, 1.5, 4.75, 9.2], abs=2 * MS)
    expect_no_hole(feed.session)


def test_sound_beyond_the_last_picture_is_not_heard_in_the_next_session() -> None:
    beeps = clicks("pcma", 0.2, 4.5, 4.9, seconds=5)
    feed = Feed()
    feed.stream.on_tracks(clip().video, beeps.track)
    feed.play(clip(), beeps)
    feed.play(clip(), clicks("pcma", 1), pts=900 * 90_000)
    feed.stream.finish()
    _, after = feed.collected.sessions
    assert heard(after) == pytest.approx([1], abs=2 * MS)
    assert min(start for start, _ in audio_frames(after)) >= 0


@pytest.mark.parametrize("jump_s", [3600, 0.5, -0.5, -3600])
@pytest.mark.parametrize(("at_s", "reasons"), [(0.5, []), (4, ["audio timestamps jumped"])])
def test_sound_is_in_time_again_after_its_stamps_jumped(
    at_s: float, reasons: list[str], jump_s: float
) -> None:
    """At the next key frame, or at once while the session's first units are still held."""
    beeps = clicks("pcma", 0.3, 3.9, 5.5, 7.5, seconds=8)
    feed = Feed()
    feed.stream.on_tracks(clip(seconds=8).video, beeps.track)
    hour = 3600 * 8000
    jumping = tuple(
        (data, pts + 2 * hour + (round(jump_s * 8000) if pts >= at_s * 8000 else 0))
        for data, pts in beeps.packets
    )
    arrivals = [pts / 8 for _, pts in beeps.packets]
    feed.play(clip(seconds=8), Sound(beeps.track, jumping), audio_arrivals_ms=arrivals)
    feed.stream.finish()

    assert feed.collected.reasons == reasons
    begin_ms = feed.collected.sessions[0].fragments[0].start_ms
    sounds: list[float] = []
    for session in feed.collected.sessions:
        after_s = (session.fragments[0].start_ms - begin_ms) * MS
        sounds += [after_s + one for one in heard(session)]
    assert sounds == pytest.approx([0.3, 3.9, 5.5, 7.5] if reasons else [3.9, 5.5, 7.5], abs=2 * MS)


def test_sound_that_arrives_in_a_burst_after_a_stall_keeps_its_time() -> None:
    beeps = clicks("pcma", 0.3, 2.2, 3.9)
    feed = Feed()
    feed.stream.on_tracks(clip(seconds=8).video, beeps.track)
    arrivals = [pts / 8 if pts / 8 < 2000 else max(pts / 8, 3500) for _, pts in beeps.packets]
    feed.play(clip(seconds=8), beeps, audio_arrivals_ms=arrivals)
    feed.stream.finish()
    assert feed.collected.reasons == ["audio fell silent"]  # it ends after 4 s
    assert heard(feed.collected.sessions[0]) == pytest.approx([0.3, 2.2, 3.9], abs=2 * MS)
