"""Parameter sets are kept as many and as long as the standards allow, so that no camera fills memory."""

import pytest

from services.ingest.sources.rtp.h264 import h264_parameter_sets
from services.ingest.sources.rtp.h265 import h265_parameter_sets
from services.ingest.sources.rtp.parameter_sets import ParameterSets
from tests.unit.media.test_sps import bits, ue
from tests.unit.sources.test_h264 import PPS, SPS


def h264_sps(number: int) -> bytes:
    return b"\x67\x64\x00\x28" + bits(ue(number), "1")


def h264_pps(number: int) -> bytes:
    return b"\x68" + bits(ue(number), "1")


def h265_sps(number: int) -> bytes:
    """Of one sub-layer: the id stands behind 12 bytes of profile and level."""
    return b"\x42\x01" + bits("0000", "000", "1", "1" * 96, ue(number), "1")


def h265_pps(number: int) -> bytes:
    return b"\x44\x01" + bits(ue(number), "1")


@pytest.mark.parametrize(
    ("sets", "unit", "highest"),
    [
        (h264_parameter_sets, h264_sps, 31),
        (h264_parameter_sets, h264_pps, 255),
        (h265_parameter_sets, h265_sps, 15),
        (h265_parameter_sets, h265_pps, 63),
    ],
)
def test_an_id_that_the_standard_does_not_know_is_left_out(sets: object, unit: object, highest: int) -> None:
    assert callable(sets) and callable(unit)
    known: ParameterSets = sets()
    assert all(known.update(unit(number)) for number in range(highest + 1))
    assert not any(known.update(unit(number)) for number in range(highest + 1, highest + 1000))


def test_a_set_of_over_4_kilobytes_is_left_out() -> None:
    sets = h264_parameter_sets([SPS, PPS])
    assert not sets.update(PPS + bytes(4096))
    assert sets.complete() == (SPS, PPS)
    longest = PPS + bytes(4096 - len(PPS))
    assert sets.update(longest)
    assert sets.complete() == (SPS, longest)
