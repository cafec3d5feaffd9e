"""Sequence parameter sets that are made to keep a parser busy are refused at once."""

import time

import pytest

from services.ingest.media.sps import parse_sps
from services.ingest.sources.rtp.parameter_sets import BitReader
from tests.unit.sources.test_h264 import SPS


def bits(*fields: str) -> bytes:
    """The fields one behind the other, filled up with zeros to whole bytes."""
    joined = "".join(fields)
    joined += "0" * (-len(joined) % 8)
    return int(joined, 2).to_bytes(len(joined) // 8, "big")


def ue(value: int) -> str:
    """ue(v) of ISO/IEC 14496-10, 9.1."""
    digits = f"{value + 1:b}"
    return "0" * (len(digits) - 1) + digits


def baseline(*fields: str) -> bytes:
    """An SPS of the Baseline profile, whose pic_order_cnt_type and the rest are `fields`."""
    return b"\x67\x42\x00\x1e" + bits(ue(0), ue(0), *fields)


SIZE_AND_NO_VUI = (ue(0), "0", ue(39), ue(29), "1", "1", "0", "0")


def test_a_cycle_as_long_as_the_standard_allows_is_read() -> None:
    unit = baseline(ue(1), "0", ue(0), ue(0), ue(255), ue(0) * 255, *SIZE_AND_NO_VUI)
    parameters = parse_sps("h264", unit)
    assert (parameters.width, parameters.height) == (640, 480)


def test_a_longer_cycle_is_refused() -> None:
    unit = baseline(ue(1), "0", ue(0), ue(0), ue(256), ue(0) * 256, *SIZE_AND_NO_VUI)
    with pytest.raises(ValueError, match="256"):
        parse_sps("h264", unit)


def test_more_buffers_of_the_decoder_than_there_may_be_are_refused() -> None:
    main = b"\x67\x4d\x00\x1e" + bits(ue(0), ue(0), ue(2), ue(0), "0", ue(39), ue(29), "1", "1", "0", "1")
    assert parse_sps("h264", main).reorder_depth == 0  # told by pic_order_cnt_type
    before_hrd = (ue(0), ue(0), ue(0), ue(0), ue(0), "0", ue(39), ue(29), "1", "1", "0", "1", "0000", "0")
    for count in (32, 33):
        hrd = ("1", ue(count - 1), "0" * 8, (ue(0) + ue(0) + "0") * count, "0" * 20)
        rest = ("0", "0", "0", "1", "0", ue(0) * 4, ue(2), ue(2))
        unit = b"\x67\x4d\x00\x1e" + bits(*before_hrd, *hrd, *rest)
        if count == 32:
            assert parse_sps("h264", unit).reorder_depth == 2
        else:
            with pytest.raises(ValueError, match="33"):
                parse_sps("h264", unit)


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_set_that_was_seen_in_the_field_is_read_as_before(codec: str) -> None:
    if codec == "h264":
        assert parse_sps("h264", SPS).width == 1920
        return
    unit = bytes.fromhex(
        "42010101600000030090000003000003005da00280802d165959a4932bc05a80808082000003000200000300320210"
    )
    assert (parse_sps("h265", unit).width, parse_sps("h265", unit).height) == (1280, 720)


def test_reading_bits_takes_no_longer_far_into_a_set() -> None:
    def seconds(skipped: int) -> float:
        reader = BitReader(b"\xff" * 400_000)
        reader.read(8 * skipped)
        began = time.process_time()
        for _ in range(5_000):
            reader.read_exponential_golomb()
        return time.process_time() - began

    assert min(seconds(390_000) for _ in range(3)) < 10 * min(seconds(0) for _ in range(3))
