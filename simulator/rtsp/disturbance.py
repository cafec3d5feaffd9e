"""What happens to packets between a camera's encoder and its socket: faults of one client's stream."""

import asyncio
import struct
from collections.abc import Iterator

from simulator.faults import Faults
from simulator.rtsp.packets import VIDEO_CLOCK
from simulator.rtsp.programme import Receiver

_FRAME_HEADER = 4
_MARKER = 0x80
_STAMP = struct.Struct(">I")
_RTP_STAMP = _FRAME_HEADER + 4
_REPORT_STAMP = _FRAME_HEADER + 16
"""Of a sender report (RFC 3550, 6.4.1)."""


class PacketFaults:
    """Repeats, swaps and restamps the packets of one client."""

    def __init__(self, faults: Faults, channels: tuple[int | None, ...]) -> None:
        self._faults = faults
        self._rtp = {channel for channel in channels if channel is not None}
        self._video = channels[0]
        self._first: int | None = None
        self._count = 0
        self._late = b""

    def disturbed(self, data: bytes, played: float) -> bytes:
        """The interleaved frames of `data` as they are sent so many seconds after PLAY."""
        sent = bytearray()
        for frame in _frames(data):
            sent += self._rtp_frame(frame, played) if frame[1] in self._rtp else self._report(frame, played)
        return bytes(sent)

    def _rtp_frame(self, frame: bytearray, played: float) -> bytes:
        if self._faults.no_marker:
            frame[_FRAME_HEADER + 1] &= ~_MARKER
        if frame[1] == self._video:
            self._restamp(frame, _RTP_STAMP, played)
        self._count += 1
        if _is_nth(self._count, self._faults.packet_reorder):
            late, self._late = self._late, bytes(frame)
            return late
        late, self._late = self._late, b""
        return bytes(frame) * (1 + _is_nth(self._count, self._faults.packet_duplicate)) + late

    def _report(self, frame: bytearray, played: float) -> bytes:
        if self._video is not None and frame[1] == self._video + 1:
            self._restamp(frame, _REPORT_STAMP, played)
        return bytes(frame)

    def _restamp(self, frame: bytearray, place: int, played: float) -> None:
        (stamp,) = _STAMP.unpack_from(frame, place)
        if self._first is None:
            self._first = stamp
        since = (stamp - self._first) & 0xFFFFFFFF
        stamp += since * self._faults.drift_ppm // 1_000_000
        if self._faults.timestamp_wrap:
            stamp -= self._first + round(self._faults.timestamp_wrap * VIDEO_CLOCK)
        if self._faults.timestamp_jump and played >= self._faults.jump_after:
            stamp += round(self._faults.timestamp_jump * VIDEO_CLOCK)
        _STAMP.pack_into(frame, place, stamp & 0xFFFFFFFF)


class DisturbedReceiver(Receiver):
    """A client between which and its camera something is wrong."""

    def __init__(
        self,
        transport: asyncio.WriteTransport,
        channels: tuple[int | None, ...],
        backlog: int,
        faults: Faults,
    ) -> None:
        super().__init__(transport, channels, backlog)
        self._faults = faults
        self._packets = PacketFaults(faults, channels)
        self._loop = asyncio.get_running_loop()
        self._since: float | None = None
        self._held: bytearray | None = None
        self._stalled = False

    def send(self, data: bytes | bytearray) -> None:
        if self._since is None:
            self._since = self._loop.time()
        played = self._loop.time() - self._since
        sent = self._packets.disturbed(bytes(data), played)
        faults = self._faults
        if faults.stall and not self._stalled and played >= faults.stall_after:
            self._stalled = True
            middle = len(sent) // 2
            self._write(sent[:middle])
            sent = sent[middle:]
            self._hold(faults.stall)
        elif faults.burst and self._held is None:
            self._hold(faults.burst)
        if self._held is None:
            self._write(sent)
        elif len(self._held) > self._backlog:
            self._transport.abort()
        else:
            self._held += sent

    def answer(self, data: bytes) -> None:
        if self._held is None:
            super().answer(data)
        else:
            self._held += data

    def _hold(self, seconds: float) -> None:
        self._held = bytearray()
        self._loop.call_later(seconds, self._let_go)

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._write(bytes(held))

    def _write(self, data: bytes) -> None:
        size = self._faults.write_size or len(data) or 1
        for start in range(0, len(data), size):
            super().send(data[start : start + size])


def is_disturbed(faults: Faults) -> bool:
    """Whether a client of a camera with these faults needs a DisturbedReceiver."""
    return bool(
        faults.packet_reorder
        or faults.packet_duplicate
        or faults.no_marker
        or faults.timestamp_jump
        or faults.timestamp_wrap
        or faults.drift_ppm
        or faults.burst
        or faults.stall
        or faults.write_size
    )


def _frames(data: bytes) -> Iterator[bytearray]:
    """The interleaved frames (RFC 2326, 10.12), which stand close."""
    start = 0
    while start < len(data):
        end = start + _FRAME_HEADER + int.from_bytes(data[start + 2 : start + _FRAME_HEADER], "big")
        yield bytearray(data[start:end])
        start = end


def _is_nth(count: int, each: int) -> bool:
    return bool(each) and count % each == 0
