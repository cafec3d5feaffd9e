"""RTCP (RFC 3550, 6) as far as a receiver of live media needs it: sender reports and goodbye."""

import struct
from collections.abc import Callable
from typing import Final

from services.ingest.sources.rtp.timestamps import TimestampUnwrapper
from services.ingest.sources.source import AccessUnitSink, TrackKind

_SENDER_REPORT, _GOODBYE, _FEEDBACK = 200, 203, 206
_NTP_TO_UNIX_S: Final = 2_208_988_800
_SR: Final = struct.Struct(">III")  # NTP seconds, NTP fraction, RTP timestamp


class RtcpReceiver:
    """Reads the compound packets of one track's RTCP channel."""

    __slots__ = ("_clock", "_on_goodbye", "_sink", "_track")

    def __init__(
        self,
        track: TrackKind,
        clock: TimestampUnwrapper,
        sink: AccessUnitSink,
        on_goodbye: Callable[[], None],
    ) -> None:
        self._track = track
        self._clock = clock
        self._sink = sink
        self._on_goodbye = on_goodbye

    def read(self, data: bytes, position: int, end: int) -> int:
        """Read the complete frame at `position`, if there is one; returns what follows it."""
        frame_end = position + 4 + ((data[position + 2] << 8) | data[position + 3])
        if frame_end > end or position + 8 > end or data[position + 4] & 0xC0 != 0x80:
            return position
        packet = position + 4
        while packet + 4 <= frame_end and data[packet] & 0xC0 == 0x80:
            packet_end = packet + 4 + 4 * ((data[packet + 2] << 8) | data[packet + 3])
            if packet_end > frame_end:
                break
            if data[packet + 1] == _SENDER_REPORT and packet_end - packet >= 28:
                self._report(*_SR.unpack_from(data, packet + 8))
            elif data[packet + 1] == _GOODBYE:
                self._on_goodbye()
            packet = packet_end
        return frame_end

    def expects(self, data: bytes, position: int) -> bool:
        """Whether the frame at `position` looks like RTCP: whole words of a known packet type."""
        return _SENDER_REPORT <= data[position + 5] <= _FEEDBACK and not data[position + 3] & 3

    def _report(self, seconds: int, fraction: int, rtp_time: int) -> None:
        pts = self._clock.place(rtp_time)
        if pts is None or not seconds:  # 0: the camera keeps no wall clock
            return
        if seconds < 0x8000_0000:  # era 1 begins in 2036 (RFC 5905, 6)
            seconds += 1 << 32
        ntp_ms = (seconds - _NTP_TO_UNIX_S) * 1000 + (fraction * 1000 >> 32)
        self._sink.on_sender_report(self._track, ntp_ms, pts)
