"""Transport stream packets (ISO/IEC 13818-1, 2.4.3), a row of an array each, as far as order asks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Packets = NDArray[np.uint8]
"""A row of 188 bytes each."""

PACKET_SIZE = 188
PCR_WRAP = 1 << 33
"""The clock in 90 kHz: the base of a reference (2.4.3.5). Its extension is left at 0."""

_SYNC = 0x47
_PAYLOAD_SIZE = 184
_UNIT_START = 0x40  # payload_unit_start_indicator
_ADAPTATION, _PAYLOAD = 0x20, 0x10  # adaptation_field_control
_PCR_FLAG, _PCR_END = 0x10, 11
_PCR_FIELD = 7  # bytes of an adaptation field with a reference: flags, base, extension


def packets_of(data: bytes) -> Packets:
    """Raises ValueError when `data` is not whole packets."""
    packets = np.frombuffer(data, np.uint8).reshape(-1, PACKET_SIZE)
    if not (packets[:, 0] == _SYNC).all():
        raise ValueError("a packet without its sync byte")
    return packets


def pids(packets: Packets) -> NDArray[np.int64]:
    """Which stream each belongs to."""
    return (packets[:, 1].astype(np.int64) & 0x1F) << 8 | packets[:, 2]


def start_units(packets: Packets) -> NDArray[np.bool_]:
    """In which a PES packet or a section begins."""
    starts: NDArray[np.bool_] = packets[:, 1] & _UNIT_START != 0
    return starts


def payload_sizes(packets: Packets) -> NDArray[np.int64]:
    """Bytes of each one's payload."""
    fields = np.where(packets[:, 3] & _ADAPTATION, packets[:, 4].astype(np.int64) + 1, 0)
    return np.where(packets[:, 3] & _PAYLOAD, _PAYLOAD_SIZE - fields, 0)


def clock_references(packets: Packets, pid: int) -> list[tuple[int, int]]:
    """Which packets of the stream bear one, and what it says, in 90 kHz."""
    bearing = (packets[:, 3] & _ADAPTATION != 0) & (packets[:, 4] >= _PCR_FIELD)
    bearing &= (packets[:, 5] & _PCR_FLAG != 0) & (pids(packets) == pid)
    return [
        (int(index), int.from_bytes(packets[index, 6:_PCR_END].tobytes()) >> 7)
        for index in np.flatnonzero(bearing)
    ]


def clock_packet(pid: int, clock: int) -> Packets:
    """A packet that tells the time and carries nothing."""
    reference = clock % PCR_WRAP << 15 | 0x3F << 9  # six reserved bits, and an extension of 0
    return _packet(pid, 0, bytes((_PCR_FLAG,)) + reference.to_bytes(6), b"")


def divided(packet: Packets, count: int) -> Packets:
    """One packet, the only row, as so many: all but the first have one byte of its payload."""
    row = packet[0].tobytes()
    pid, size = int(pids(packet)[0]), int(payload_sizes(packet)[0])
    field = row[5 : 5 + row[4]] if row[3] & _ADAPTATION else b""
    # What follows the reference is stuffing: libav writes no other option.
    field = field[: _PCR_FIELD if field and field[0] & _PCR_FLAG else 1]
    payload = row[PACKET_SIZE - size :]
    kept = size - (count - 1)
    if kept < 1:
        raise ValueError("a packet with too little in it to be divided")
    first = _packet(pid, row[1] & _UNIT_START, field, payload[:kept])
    rest = [_packet(pid, 0, b"", payload[at : at + 1]) for at in range(kept, size)]
    return np.concatenate([first, *rest])


def numbered(packets: Packets) -> Packets:
    """With continuity counters (2.4.3.3) that begin at 0. One without payload has its predecessor's."""
    packets = packets.copy()
    carries = packets[:, 3] & _PAYLOAD != 0
    of_streams = pids(packets)
    for pid in np.unique(of_streams):
        mine = of_streams == pid
        counters = (np.cumsum(carries[mine]) - 1) & 0xF
        packets[mine, 3] = packets[mine, 3] & 0xF0 | counters.astype(np.uint8)
    return packets


def _packet(pid: int, unit_start: int, field: bytes, payload: bytes) -> Packets:
    """`field`: an adaptation field without its length. What room is left is stuffed."""
    control = _PAYLOAD if payload else 0
    room = _PAYLOAD_SIZE - len(payload)
    adaptation = b""
    if room:
        control |= _ADAPTATION
        stuffed = (field or b"\x00").ljust(room - 1, b"\xff") if room > 1 else b""
        adaptation = bytes((room - 1,)) + stuffed
    header = bytes((_SYNC, unit_start | pid >> 8, pid & 0xFF, control))
    return np.frombuffer(header + adaptation + payload, np.uint8).reshape(1, PACKET_SIZE)
