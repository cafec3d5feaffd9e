"""A player of transport streams and nothing else, stricter than any (ISO/IEC 13818-1)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

H264, AAC = 0x1B, 0x0F  # stream types (2.4.4.9)
CLOCK_HZ = 90_000
_WRAP = 1 << 33
_LONGEST_CLOCK_STEP = CLOCK_HZ // 10


@dataclass(frozen=True)
class Unit:
    """One PES packet; times in 90 kHz, counted on where 33 bits begin anew."""

    pts: int
    dts: int
    data: bytes

    @property
    def nal_types(self) -> list[int]:
        """Of an H.264 access unit in the byte stream format."""
        return [part[0] & 31 for part in self.data.split(b"\x00\x00\x01")[1:]]


@dataclass
class Player:
    """Takes segments one after the other, as they lie in a playlist."""

    units: dict[int, list[Unit]] = field(default_factory=lambda: defaultdict(list))
    """By stream type."""
    types: dict[int, int] = field(default_factory=dict)
    """Of each PID."""
    clock: int | None = None
    clock_pid: int = -1
    _counters: dict[int, int] = field(default_factory=dict)
    _open: dict[int, bytearray] = field(default_factory=dict)
    _pmts: set[int] = field(default_factory=set)
    _since_jump: set[int] = field(default_factory=set)
    """PIDs whose time is known since time last jumped."""

    def take(self, segment: bytes, *, jump: bool = False, independent: bool = True) -> None:
        """`jump`: time need not go on where it was, as after a seek or a discontinuity. `independent`: the
        segment must begin with a key frame that can be decoded by itself."""
        if jump:
            self.clock = None
            self._since_jump.clear()
        assert segment
        assert len(segment) % 188 == 0
        first_picture = len(self.units[H264])
        for number, at in enumerate(range(0, len(segment), 188)):
            self._packet(segment[at : at + 188], number)
        for pid in list(self._open):
            self._close(pid)
        types = self.units[H264][first_picture].nal_types
        assert not independent or {7, 8, 5} <= set(types), "no key frame at the beginning"

    def _packet(self, packet: bytes, number: int) -> None:
        assert packet[0] == 0x47
        assert not packet[1] & 0x80, "transport_error_indicator"
        assert not packet[3] & 0xC0, "scrambled"
        starts, pid = bool(packet[1] & 0x40), (packet[1] & 31) << 8 | packet[2]
        payload = self._payload(packet, pid)
        if number < 2:
            assert starts
            assert pid == (0, next(iter(self._pmts), None))[number], "PAT and PMT come first"
        if pid == 0:
            self._pmts = _pmts(_section(payload, 0x00))
        elif pid in self._pmts:
            self.clock_pid, types = _streams(_section(payload, 0x02))
            assert self.types in ({}, types), "the streams changed"
            self.types = types
        else:
            assert pid in self.types, f"a packet of PID {pid:#x}, which the PMT does not name"
            if starts:
                self._close(pid)
                self._open[pid] = bytearray()
            if payload:
                self._open[pid] += payload

    def _payload(self, packet: bytes, pid: int) -> bytes:
        control = packet[3] >> 4 & 3
        assert control, "adaptation_field_control is reserved"
        at = 4
        if control & 2:
            at = 5 + packet[4]
            assert at == 188 if control == 2 else at < 188
            if packet[4]:
                assert not packet[5] & 0x80, "a discontinuity"
                if packet[5] & 0x10:
                    self._tick(packet, pid)
        before = self._counters.get(pid)
        counter = packet[3] & 15
        if before is not None:
            assert counter == (before + (control & 1)) & 15, f"continuity of PID {pid:#x}"
        self._counters[pid] = counter
        return packet[at:]

    def _tick(self, packet: bytes, pid: int) -> None:
        assert pid == self.clock_pid, "a clock in another stream"
        assert packet[4] >= 7
        now = _on_from(self.clock, int.from_bytes(packet[6:11]) >> 7)
        if self.clock is not None:
            assert 0 < now - self.clock <= _LONGEST_CLOCK_STEP, (now - self.clock) / CLOCK_HZ
        self.clock = now

    def _close(self, pid: int) -> None:
        data = self._open.pop(pid, None)
        if data is None:
            return
        kind, units = self.types[pid], self.units[self.types[pid]]
        assert data[:3] == b"\x00\x00\x01"
        assert data[3] >> 4 == (0xE if kind == H264 else 0xC)
        length = int.from_bytes(data[4:6])
        assert length in (0, len(data) - 6)
        pts, dts = _stamps(bytes(data), self.clock)
        content = bytes(data[9 + data[8] :])
        assert pts >= dts
        assert self.clock is not None
        assert dts > self.clock - CLOCK_HZ, "it comes too late"
        if pid in self._since_jump:
            assert dts > units[-1].dts, "time goes back"
        self._since_jump.add(pid)
        unit = Unit(pts, dts, content)
        if kind == H264:
            assert unit.nal_types[0] == 9, "no access unit delimiter"
        else:
            assert len(adts_frames(content)) > 0
        units.append(unit)


def adts_frames(data: bytes) -> list[bytes]:
    """The AAC frames of a PES packet (ISO/IEC 14496-3, 1.A.3.2), without their headers."""
    frames = []
    while data:
        assert data[0] == 0xFF
        assert data[1] & 0xF6 == 0xF0
        size = (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5
        frames.append(data[7 if data[1] & 1 else 9 : size])
        data = data[size:]
    return frames


def _section(payload: bytes, table: int) -> bytes:
    """Its content behind `last_section_number`, in one packet (2.4.4)."""
    start = 1 + payload[0]
    length = int.from_bytes(payload[start + 1 : start + 3]) & 0xFFF
    section = payload[start : start + 3 + length]
    assert section[0] == table
    assert _crc(section) == 0, "the CRC is wrong"
    return section[8:-4]


def _pmts(content: bytes) -> set[int]:
    (pid,) = {int.from_bytes(content[at + 2 : at + 4]) & 0x1FFF for at in range(0, len(content), 4)}
    return {pid}


def _streams(content: bytes) -> tuple[int, dict[int, int]]:
    clock_pid = int.from_bytes(content[:2]) & 0x1FFF
    at = 4 + (int.from_bytes(content[2:4]) & 0xFFF)
    types = {}
    while at < len(content):
        types[int.from_bytes(content[at + 1 : at + 3]) & 0x1FFF] = content[at]
        at += 5 + (int.from_bytes(content[at + 3 : at + 5]) & 0xFFF)
    return clock_pid, types


def _stamps(data: bytes, clock: int | None) -> tuple[int, int]:
    flags = data[7] >> 6
    assert flags & 2, "no presentation time"
    pts = _on_from(clock, _stamp(data[9:14], flags))
    return pts, _on_from(clock, _stamp(data[14:19], 1)) if flags == 3 else pts


def _stamp(field_: bytes, mark: int) -> int:
    assert field_[0] >> 4 == mark
    assert field_[0] & field_[2] & field_[4] & 1
    return (
        (field_[0] >> 1 & 7) << 30 | int.from_bytes(field_[1:3]) >> 1 << 15 | int.from_bytes(field_[3:5]) >> 1
    )


def _on_from(clock: int | None, stamp: int) -> int:
    """The instant with these 33 bits that is nearest to the clock."""
    if clock is None:
        return stamp
    return clock + (stamp - clock + _WRAP // 2) % _WRAP - _WRAP // 2


def _crc(data: bytes) -> int:
    value = 0xFFFF_FFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C1_1DB7 if value & 0x8000_0000 else 0)) & 0xFFFF_FFFF
    return value
