"""A fragment taken apart: what ingest wrote comes out again, and damage is told as such."""

import random

import pytest

from services.ingest.transcoding.samples import read_samples
from tests.unit.media.samples import clip
from tests.unit.transcoding.footage import record


@pytest.mark.parametrize("b_frames", [0, 2])
def test_all_samples_are_those_that_were_muxed(b_frames: int) -> None:
    source = record(b_frames=b_frames)

    samples = [sample for fragment in source.fragments for sample in read_samples(fragment.data).video]

    units = clip("h264", b_frames=b_frames).units
    assert [sample.data for sample in samples] == [unit.data for unit in units]
    assert [sample.key for sample in samples] == [unit.key for unit in units]
    first = samples[0].pts - units[0].pts
    assert [sample.pts - first for sample in samples] == [unit.pts for unit in units]


def test_damage_is_a_value_error_wherever_it_is() -> None:
    data = record(seconds=1, with_sound=True).fragments[0].data
    generator = random.Random(7)
    for _ in range(2000):
        damaged = bytearray(data[: generator.randrange(len(data))] if generator.random() < 0.3 else data)
        for _ in range(generator.randrange(1, 5)):
            if damaged:
                damaged[generator.randrange(min(len(damaged), 400))] = generator.randrange(256)
        try:
            samples = read_samples(bytes(damaged))
        except ValueError:
            continue
        assert sum(len(sample.data) for sample in samples.video) <= 20_000 * len(data)
