"""Interleaved RTP frames of one audio track. Some 10 to 50 packets a second: one call each will do."""

import time
from collections.abc import Callable
from typing import Final, Protocol

from services.ingest.sources.allowance import Allowance
from services.ingest.sources.rtp.header import (
    DOLLAR,
    FRAME_HEADER_SIZE,
    PLAIN,
    is_next_packet,
    payload_bounds,
    read_frame_header,
)
from services.ingest.sources.rtp.timestamps import TimestampUnwrapper
from services.ingest.sources.source import AccessUnitSink

_MAX_MISORDER: Final = 100  # RFC 3550, A.1
_FRAMES: Final = 1000  # at once: 10 s of 100 a second
_FRAMES_PER_SECOND: Final = 200  # AAC of 96 kHz has 94, G.711 in packets of 10 ms 100
_FRAME_SIZE: Final = 2048  # bytes: more in one packet counts as several frames, since samples cost too


class AudioDepacketiser(Protocol):
    """One payload format of audio."""

    def packet(self, payload: bytes) -> list[tuple[bytes, int]]:
        """The frames that this payload completes, each with its offset from the packet's timestamp."""

    def lose(self) -> None:
        """Packets are missing before the next one."""


class AudioReceiver:
    """Turns RTP packets into audio frames and hands them to the sink. Lost audio is left out silently.

    A camera that sends too much of it ends as SourceError camera.protocol_error, raised by `read`.
    """

    __slots__ = ("_channel", "_depacketiser", "_expected", "_frames", "_payload_type", "_sink", "clock")

    def __init__(
        self,
        channel: int,
        payload_type: int,
        depacketiser: AudioDepacketiser,
        sink: AccessUnitSink,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        clock_scale: int = 1,
    ) -> None:
        """`clock_scale`: samples to a unit of the RTP clock."""
        self.clock = TimestampUnwrapper(clock_scale)
        self._channel = channel
        self._payload_type = payload_type
        self._depacketiser = depacketiser
        self._sink = sink
        self._expected = -1
        self._frames = Allowance(
            "frames of audio", burst=_FRAMES, per_second=_FRAMES_PER_SECOND, monotonic=monotonic
        )

    def read(self, data: bytes, position: int, end: int) -> int:
        """Read the complete frame of this channel at `position`, if there is one; returns what follows it."""
        if position + FRAME_HEADER_SIZE > end:
            return position
        dollar, channel, length, first, _, sequence, rtp_time = read_frame_header(data, position)
        frame_end = position + 4 + length
        if frame_end > end or channel != self._channel or dollar != DOLLAR or first & 0xC0 != PLAIN:
            return position
        ahead = (sequence - self._expected) & 0xFFFF if self._expected >= 0 else 0
        if ahead >= 0x10000 - _MAX_MISORDER:
            return frame_end
        if ahead:
            self._depacketiser.lose()
        self._expected = (sequence + 1) & 0xFFFF
        payload, payload_end = payload_bounds(data, position + 4, frame_end)
        if payload < payload_end:
            pts = self.clock.unwrap(rtp_time)
            for frame, offset in self._depacketiser.packet(data[payload:payload_end]):
                self._frames.take(1 + len(frame) // _FRAME_SIZE)
                self._sink.on_audio(frame, pts + offset)
        return frame_end

    def expects(self, data: bytes, position: int) -> bool:
        """Whether the frame at `position` looks like the track's next packet."""
        return is_next_packet(data, position, self._payload_type, self._expected)
