"""A session encoded anew can be switched to and from at any of its fragments."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from services.ingest.media.init_section import InitSections
from services.ingest.media.movie_head import Run, movie_head
from services.ingest.sources.source import AudioTrack, VideoCodec
from services.ingest.transcoding.encoder import Encoder, Output, open_encoder
from services.ingest.transcoding.ladder import Rung
from services.ingest.transcoding.samples import read_samples
from services.ingest.transcoding.session import Event, Session, Skipped
from snowlight.media.boxes import VIDEO_TRACK, parse_prft
from snowlight.media.description import read_tracks
from snowlight.media.fragment import Fragment, InitSection
from tests.unit.media.feed import MuxSession
from tests.unit.media.samples import BT_709, Sound, clip
from tests.unit.transcoding.footage import develop, first_picture, mux, record

SOURCE = Rung("h264", 180, 400_000)
SMALL = Rung("90p", 90, 100_000)


def open_software(output: Output) -> Encoder:
    return open_encoder(("libx264",), output, 1)


def transcode(source: MuxSession, rung: Rung = SOURCE) -> list[Event]:
    session = Session(source.init, rung, open_software, InitSections(), 1)

    def events() -> Iterator[Event]:
        for fragment in source.fragments:
            yield from session.feed(fragment)
        yield from session.finish()

    return list(events())


def parts(events: list[Event]) -> tuple[InitSection, list[Fragment]]:
    init, *fragments = events
    assert isinstance(init, InitSection)
    return init, [fragment for fragment in fragments if isinstance(fragment, Fragment)]


@pytest.mark.parametrize(("codec", "b_frames"), [("h264", 0), ("h264", 2), ("h265", 0), ("h265", 2)])
def test_every_fragment_has_the_numbers_and_instants_of_its_source(codec: VideoCodec, b_frames: int) -> None:
    source = record(codec, b_frames=b_frames, with_sound=True)

    init, fragments = parts(transcode(source))

    assert init.codecs.startswith("avc1.")
    assert (init.session, init.part_target_ms) == (source.init.session, source.init.part_target_ms)
    assert len(fragments) == len(source.fragments)
    for made, was in zip(fragments, source.fragments, strict=True):
        assert replace(made, chunks=()) == replace(was, chunks=())
        assert parse_prft(made.data) == parse_prft(was.data)
        samples, originals = read_samples(made.data), read_samples(was.data)
        assert samples.video[0].dts == originals.video[0].dts
        assert samples.audio == originals.audio


def test_sound_goes_on_counting_in_the_clock_of_its_source() -> None:
    """Which is not the frequency of its configuration where spectral bands are replicated."""
    frames = tuple((bytes(100), at) for at in range(0, 4 * 24_000, 1024))
    source = mux(clip(), Sound(AudioTrack("aac", 24_000, 1, bytes.fromhex("2b098800")), frames))

    init, fragments = parts(transcode(source))

    assert develop(init, fragments).sounds == develop(source.init, source.fragments).sounds
    assert [track.timescale for track in read_tracks(init.data)] == [90_000, 24_000]


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("rung", [SOURCE, SMALL])
def test_pixels_keep_their_shape_and_shadows_their_depth(codec: VideoCodec, rung: Rung) -> None:
    source = mux(clip(codec, size=(160, 180), pixel_shape=Fraction(2), full_range=True))

    init, fragments = parts(transcode(source, rung))

    was, made = first_picture(source.init, source.fragments), first_picture(init, fragments)
    assert (was.pixel_shape, was.is_full_range) == (Fraction(2), True)
    assert (made.pixel_shape, made.is_full_range, made.matrix) == (Fraction(2), False, BT_709)
    assert made.shade == pytest.approx(16 + was.shade * 219 / 255, abs=2)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_every_picture_is_shown_at_its_own_instant(b_frames: int) -> None:
    source = record("h265", b_frames=b_frames)

    init, fragments = parts(transcode(source, SMALL))

    film, original = develop(init, fragments), develop(source.init, source.fragments)
    assert film.codec == "h264"
    assert film.size == (160, 90)
    assert film.instants == original.instants
    assert film.keys == original.keys


def test_key_frames_are_the_sources_alone() -> None:
    source = record(seconds=6, gop=100)

    init, fragments = parts(transcode(source))

    assert develop(init, fragments).keys == develop(source.init, source.fragments).keys
    assert [fragment.independent for fragment in fragments].count(True) == 2


def test_a_fragment_comes_out_with_the_fragment_that_went_in() -> None:
    source = record("h265")
    session = Session(source.init, SOURCE, open_software, InitSections(), 1)

    for fragment in source.fragments:
        *_, last = session.feed(fragment)
        assert isinstance(last, Fragment)
        assert (last.segment, last.part) == (fragment.segment, fragment.part)


def test_damaged_pictures_leave_the_others_in_their_places() -> None:
    source = record()
    original = develop(source.init, source.fragments)
    damaged = source.fragments[3]
    head, *samples = damaged.chunks
    source.fragments[3] = replace(damaged, chunks=(head, *(b"\xff" * len(sample) for sample in samples)))

    events = transcode(source)

    assert [event.fragment.part for event in events if isinstance(event, Skipped)] == [damaged.part]
    init, fragments = parts([event for event in events if not isinstance(event, Skipped)])
    lost = {sample.pts for sample in read_samples(damaged.data).video}
    assert set(develop(init, fragments).instants) == set(original.instants) - lost


def test_a_key_frame_of_four_megabytes_is_taken() -> None:
    source = record(seconds=1, gop=25)
    source.fragments[0] = _enlarged(source.fragments[0], 4 << 20)

    init, fragments = parts(transcode(source))

    assert len(develop(init, fragments).instants) == 25


def _enlarged(fragment: Fragment, size: int) -> Fragment:
    """Filler data of `size` bytes (ISO/IEC 14496-10, 7.3.2.7) before its first picture."""
    samples = read_samples(fragment.data)
    filler = (size + 1).to_bytes(4, "big") + b"\x0c" + b"\xff" * size
    units = [sample.data for sample in samples.video]
    units[0] = filler + units[0]
    durations = [sample.duration for sample in samples.video]
    sizes = [len(unit) for unit in units]
    head = movie_head(1, [Run(VIDEO_TRACK, samples.video[0].dts, durations, sizes, key=True)])
    return replace(fragment, chunks=(samples.clock + head, *units))
