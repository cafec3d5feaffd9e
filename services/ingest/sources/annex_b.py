"""The byte stream format of NAL units (ISO/IEC 14496-10, annex B)."""

from collections.abc import Iterator

_START = b"\x00\x00\x01"


def split_annex_b(data: bytes) -> Iterator[bytes]:
    """NAL units between start codes (B.1)."""
    return (unit for unit in between_start_codes(data) if len(unit) > 1)


def between_start_codes(data: bytes) -> Iterator[bytes]:
    """What stands between start codes, also what is too short for a unit: to find it costs as much."""
    begin = data.find(_START)
    while begin >= 0:
        begin += len(_START)
        after = data.find(_START, begin)
        yield data[begin : after if after >= 0 else len(data)].rstrip(b"\x00")
        begin = after
