"""Access units become fragments that play, each with its place on the wall clock."""

from itertools import pairwise

import numpy as np
import pytest

from services.ingest.sources.source import AudioCodec, VideoCodec, VideoTrack
from snowlight.media import boxes
from tests.unit.media.feed import START_MS, Feed
from tests.unit.media.samples import Clip, Sound, clip, sound


@pytest.mark.parametrize(
    ("codec", "b_frames", "codecs"),
    [("h264", 0, "avc1."), ("h264", 2, "avc1."), ("h265", 0, "hvc1."), ("h265", 2, "hvc1.")],
)
def test_every_picture_is_decoded_again(codec: VideoCodec, b_frames: int, codecs: str) -> None:
    pictures = clip(codec, b_frames=b_frames)
    feed = Feed()
    feed.stream.on_tracks(pictures.video, None)
    feed.play(pictures, pts=123_456)
    feed.stream.finish()

    assert not feed.collected.failures
    assert feed.session.init.codecs.startswith(codecs)
    assert (feed.session.init.width, feed.session.init.height) == (320, 180)
    with feed.session.open() as container:
        frames = list(container.decode(video=0))
    assert len(frames) == len(pictures.units)
    times = [frame.pts or 0 for frame in frames]
    assert {b - a for a, b in pairwise(times)} == {3600}


def test_fragments_join_on_the_wall_clock_and_in_the_media() -> None:
    pictures = clip(seconds=6)
    feed = Feed()
    feed.stream.on_tracks(pictures.video, None)
    feed.play(pictures)
    feed.stream.finish()

    fragments = feed.session.fragments
    assert fragments[0].start_ms == START_MS
    assert fragments[-1].end_ms == START_MS + 6000
    decode_time = 0
    for fragment, following in zip(fragments, [*fragments[1:], None], strict=True):
        movie = boxes.parse_moof(fragment.data, 32)
        assert movie.decode_time == decode_time
        assert boxes.parse_prft(fragment.data) == fragment.start_ms
        assert fragment.independent == movie.independent
        assert fragment.duration_ms <= feed.session.init.part_target_ms
        assert following is None or fragment.end_ms == following.start_ms
        decode_time += movie.duration
    assert decode_time == 6 * 90_000


@pytest.mark.parametrize("codec", ["aac", "pcma", "pcmu"])
def test_audio_arrives_as_aac_beside_the_picture(codec: AudioCodec) -> None:
    tone = sound(codec, seconds=4)
    feed = Feed()
    feed.stream.on_tracks(clip().video, tone.track)
    feed.play(clip(), tone, audio_late_ms=20)
    feed.stream.finish()

    assert feed.session.init.codecs.endswith(",mp4a.40.2")
    with feed.session.open() as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.sample_rate) == ("aac", 8000)
        frames = list(container.decode(audio=0))
    assert frames[0].time == pytest.approx(0.02, abs=0.13)  # G.711: within one AAC frame
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    assert len(samples) / 8000 == pytest.approx(4, abs=0.3)
    spectrum = np.abs(np.fft.rfft(samples[8000:16000]))
    assert spectrum.argmax() == 440
    with feed.session.open() as container:
        assert sum(1 for _ in container.decode(video=0)) == 100


def test_lost_g711_packets_do_not_shift_what_follows() -> None:
    tone = sound("pcma", seconds=4)
    lossy = Sound(tone.track, tuple(p for i, p in enumerate(tone.packets) if not 50 <= i < 75))
    feed = Feed()
    feed.stream.on_tracks(clip().video, tone.track)
    feed.play(clip(), lossy)
    feed.stream.finish()

    with feed.session.open() as container:
        frames = list(container.decode(audio=0))
    last = frames[-1]
    assert (last.time or 0) + 1024 / 8000 == pytest.approx(4, abs=0.15)


def test_audio_that_comes_later_than_the_picture_begins_a_new_mux() -> None:
    feed = Feed()
    feed.stream.on_tracks(clip().video, sound("aac").track)
    feed.play(clip(), sound("aac"), audio_late_ms=1500)
    feed.stream.finish()

    silent, speaking = feed.collected.sessions
    assert feed.collected.reasons == ["audio arrived"]
    assert "mp4a" not in silent.init.codecs
    assert "mp4a" in speaking.init.codecs
    assert speaking.init.session > silent.init.session
    assert speaking.init.discontinuity_sequence == silent.init.discontinuity_sequence + 1
    assert silent.fragments[-1].end_ms == speaking.fragments[0].start_ms
    pictures = 0
    for session in (silent, speaking):
        with session.open() as container:
            pictures += sum(1 for _ in container.decode(video=0))
    assert pictures == 100


def test_audio_announced_but_silent_does_not_hold_the_picture_back() -> None:
    feed = Feed()
    feed.stream.on_tracks(clip().video, sound("aac").track)
    feed.play(clip())
    assert feed.session.init.codecs.startswith("avc1")
    assert len(feed.session.fragments) >= 6


def test_new_parameter_sets_begin_a_new_mux() -> None:
    small, large = clip(), clip(size=(640, 360))
    feed = Feed()
    feed.stream.on_tracks(small.video, None)
    feed.play(small)
    feed.stream.on_parameter_sets(large.video.parameter_sets)
    feed.play(large, pts=4 * 90_000)
    feed.stream.finish()

    before, after = feed.collected.sessions
    assert (before.init.width, after.init.width) == (320, 640)
    assert before.fragments[-1].end_ms == after.fragments[0].start_ms == START_MS + 4000
    for session in (before, after):
        with session.open() as container:
            assert sum(1 for _ in container.decode(video=0)) == 100


def test_a_jump_of_the_stamps_begins_a_new_mux_at_its_arrival() -> None:
    feed = Feed()
    feed.stream.on_tracks(clip().video, None)
    feed.play(clip())
    feed.play(clip(), pts=900_000_000)
    feed.stream.finish()

    before, after = feed.collected.sessions
    assert feed.collected.reasons == ["timestamps jumped"]
    assert before.fragments[-1].end_ms == START_MS + 4000
    assert after.fragments[0].start_ms == START_MS + 4000
    assert after.fragments[-1].end_ms == START_MS + 8000


def test_what_was_received_before_the_end_becomes_a_fragment() -> None:
    short = Clip(clip().video, clip().units[:7])
    feed = Feed()
    feed.stream.on_tracks(short.video, None)
    feed.play(short)
    assert not feed.collected.sessions
    feed.stream.finish()
    with feed.session.open() as container:
        assert sum(1 for _ in container.decode(video=0)) == 7
    assert feed.session.fragments[-1].end_ms == START_MS + 280


def test_loss_marks_the_fragment_in_which_it_happened() -> None:
    feed = Feed()
    feed.stream.on_tracks(clip().video, None)
    feed.play(clip())
    feed.stream.on_loss(3)
    feed.play(clip(), pts=4 * 90_000)
    lossy = [fragment.start_ms for fragment in feed.session.fragments if fragment.lossy]
    assert len(lossy) == 1
    assert START_MS + 3000 <= lossy[0] <= START_MS + 4000
    assert feed.collected.lost == 3


def test_a_burst_at_the_start_does_not_put_the_picture_into_the_future() -> None:
    """Many recorders send what they hold since the last key frame at once."""
    feed = Feed()
    pictures = clip(seconds=6)
    feed.stream.on_tracks(pictures.video, None)
    for i, unit in enumerate(pictures.units):
        feed.clock.ms = START_MS + max(0, i - 50) * 40
        feed.stream.on_video(unit.data, unit.pts, unit.key)
    feed.stream.finish()
    assert feed.session.fragments[0].start_ms == START_MS - 2000
    assert feed.session.fragments[-1].end_ms <= feed.clock.now_ms() + 40


def test_a_step_of_the_system_clock_begins_a_new_mux() -> None:
    feed = Feed()
    long = clip(seconds=6)
    feed.stream.on_tracks(long.video, None)
    feed.play(long)
    feed.clock.stepped_ms = -60_000
    for turn in range(1, 5):
        feed.play(long, pts=turn * 6 * 90_000)
    feed.stream.finish()
    assert feed.collected.reasons == ["clock stepped"]
    assert feed.collected.sessions[1].fragments[-1].end_ms == START_MS + 30_000 - 60_000


def test_a_step_that_the_database_does_not_share_changes_nothing() -> None:
    feed = Feed()
    long = clip(seconds=6)
    feed.stream.on_tracks(long.video, None)
    feed.play(long)
    feed.clock.stepped_ms = 3_600_000
    feed.play(long, pts=6 * 90_000)
    feed.skew_ms = -3_600_000  # a few seconds later the database has told
    for turn in range(2, 7):
        feed.play(long, pts=turn * 6 * 90_000)
    feed.clock.stepped_ms = 0
    feed.play(long, pts=7 * 6 * 90_000)
    feed.skew_ms = 0
    feed.play(long, pts=8 * 6 * 90_000)
    feed.stream.finish()
    assert not feed.collected.reasons
    assert feed.session.fragments[-1].end_ms == START_MS + 54_000


def test_a_camera_of_one_frame_per_second_is_no_fault() -> None:
    pictures = clip(seconds=1, gop=2)
    feed = Feed()
    feed.stream.on_tracks(pictures.video, None)
    feed.play(pictures, interval_ms=1000)
    feed.stream.finish()
    assert not feed.collected.reasons
    assert feed.session.fragments[-1].end_ms == START_MS + 25_000


def test_nonsense_parameter_sets_end_in_an_error_that_says_so() -> None:
    feed = Feed()
    feed.stream.on_tracks(VideoTrack("h264", 90_000, (b"\x67\x42", b"\x68")), None)
    feed.play(clip())
    (error,) = feed.collected.failures
    assert error.code == "camera.protocol_error"
    assert "sequence parameter set is cut short" in error.detail
