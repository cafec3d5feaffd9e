"""The init section that is written here is libav's own, for whatever parameter sets it takes."""

import io
import random

import av
import pytest

from services.ingest.media.init_section import REFUSALS, InitSections
from services.ingest.media.libav_init_section import write
from services.ingest.media.sample_entry import sps_of, video_sample_entry
from services.ingest.media.sps import parse_sps
from snowlight.media.boxes import box, iterate
from tests.unit.media.samples import clip


@pytest.mark.parametrize("size", [(320, 180), (64, 64), (718, 576)])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_it_differs_from_libavs_in_the_name_of_the_writer_alone(size: tuple[int, int], b_frames: int) -> None:
    entry = _entry(clip(seconds=0.2, size=size, b_frames=b_frames).video.parameter_sets)
    assert InitSections().get(entry, None) == _unsigned(write(entry, None))


def test_libav_reads_it() -> None:
    entry = _entry(clip(seconds=0.2, size=(718, 576)).video.parameter_sets)
    with av.open(io.BytesIO(InitSections().get(entry, None)), format="mp4") as movie:
        video = movie.streams.video[0]
        assert (video.codec_context.name, video.width, video.height) == ("h264", 718, 576)


def test_damaged_parameter_sets_end_as_with_libav() -> None:
    """In the same bytes, or in none."""
    draw = random.Random(7)
    sets = clip(seconds=0.2).video.parameter_sets
    outcomes = set()
    for _ in range(600):
        damaged = [bytearray(unit) for unit in sets]
        for _ in range(draw.randint(1, 4)):
            unit = draw.choice(damaged)
            unit[draw.randrange(1, len(unit))] = draw.randrange(256)
        try:
            entry = _entry(tuple(map(bytes, damaged)))
        except REFUSALS:
            continue
        ours, theirs = InitSections().get(entry, None), _unsigned(write(entry, None))
        assert ours == theirs
        outcomes.add(ours)
    assert len(outcomes) > 100


def _entry(sets: tuple[bytes, ...]) -> bytes:
    return video_sample_entry("h264", sets, parse_sps("h264", sps_of("h264", sets)))


def _unsigned(init: bytes) -> bytes:
    """Without `udta`, in which libav tells its version."""
    told = {kind: (start, end) for kind, start, end in iterate(init, 0, len(init))}
    movie = [
        box(kind, init[start:end]) for kind, start, end in iterate(init, *told[b"moov"]) if kind != b"udta"
    ]
    return init[: told[b"ftyp"][1]] + box(b"moov", *movie)
