"""The RTP fixed header (RFC 3550, 5.1) and what may stand between it and the payload."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_extensions import i64

# One interleaved frame's head (RFC 2326, 10.12) and the RTP header up to the timestamp, in one unpack:
# "$", channel, length | version padding extension csrc-count, marker and type, sequence number, timestamp.
_FRAME_HEADER: Final = struct.Struct(">BBHBBHI")
FRAME_HEADER_SIZE: Final = _FRAME_HEADER.size
DOLLAR: Final = 0x24
PLAIN: Final = 0x80  # version 2 without padding, extension or contributing sources
MARKER: Final = 0x80
PAYLOAD_OFFSET: Final = 16  # of a plain packet's payload, from the "$"

_MAX_DROPOUT: Final = 3000  # RFC 3550, A.1: if more packets are missing, it is another stream


def read_frame_header(data: bytes, at: i64) -> tuple[i64, i64, i64, i64, i64, i64, i64]:
    """The fields of `_FRAME_HEADER` at `at`. FRAME_HEADER_SIZE bytes must be there."""
    length: i64 = data[at + 2]
    sequence: i64 = data[at + 6]
    time: i64 = data[at + 8]
    time = time << 8 | data[at + 9]
    time = time << 8 | data[at + 10]
    time = time << 8 | data[at + 11]
    length = length << 8 | data[at + 3]
    sequence = sequence << 8 | data[at + 7]
    return data[at], data[at + 1], length, data[at + 4], data[at + 5], sequence, time


if __file__.endswith(".py"):  # what is not compiled reads all by one call faster than byte by byte
    globals()["read_frame_header"] = _FRAME_HEADER.unpack_from


def is_next_packet(data: bytes, position: int, payload_type: int, expected: int) -> bool:
    """Whether the frame at `position` carries this payload type and about the expected sequence number.

    `expected` is negative before the first packet. Eight bytes must be there.
    """
    if data[position + 5] & 0x7F != payload_type:
        return False
    sequence = (data[position + 6] << 8) | data[position + 7]
    return expected < 0 or (sequence - expected) & 0xFFFF < _MAX_DROPOUT


def payload_bounds(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the payload of the RTP packet `data[start:end]` begins and ends.

    The bounds are equal when the packet carries nothing, or claims more than it has.
    """
    if end - start < 12:
        return end, end
    first = data[start]
    payload = start + 12 + 4 * (first & 0x0F)
    if first & 0x10:
        if payload + 4 > end:
            return end, end
        payload += 4 + 4 * ((data[payload + 2] << 8) | data[payload + 3])
    payload_end = end - data[end - 1] if first & 0x20 else end
    return (payload, payload_end) if payload < payload_end else (end, end)
