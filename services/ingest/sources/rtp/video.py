"""The hot path: interleaved RTP frames of one video track, read straight from the connection's buffer."""

from services.ingest.sources.rtp.access_unit import AccessUnitBuilder
from services.ingest.sources.rtp.header import (
    DOLLAR,
    FRAME_HEADER,
    FRAME_HEADER_SIZE,
    MARKER,
    PAYLOAD_OFFSET,
    PLAIN,
    payload_bounds,
)
from services.ingest.sources.rtp.timestamps import TimestampUnwrapper
from services.ingest.sources.source import AccessUnitSink

_BETWEEN_UNITS = -1  # no RTP timestamp has this value
_MAX_MISORDER = 100  # RFC 3550, A.1: so far behind is a duplicate or late, farther is a new start


class VideoReceiver:
    """Turns RTP packets into access units and hands them to the sink.

    A unit ends with the marker bit, or where the timestamp changes. A camera that sends more of a unit after
    its marker is from then on taken by timestamps alone. A unit that a packet is missing from, or that may
    have begun in a hole, is dropped.
    """

    __slots__ = (
        "_builder",
        "_by_marker",
        "_channel",
        "_damaged",
        "_expected",
        "_held",
        "_last_ended",
        "_max_access_unit",
        "_sink",
        "_timestamp",
        "clock",
        "runs",
    )

    def __init__(
        self, channel: int, builder: AccessUnitBuilder, sink: AccessUnitSink, max_access_unit: int
    ) -> None:
        self.clock = TimestampUnwrapper()
        self.runs = 0  # how often frames arrived: stands still when the camera is silent
        self._channel = channel
        self._builder = builder
        self._sink = sink
        self._max_access_unit = max_access_unit
        self._expected = -1
        self._timestamp = _BETWEEN_UNITS
        self._last_ended = _BETWEEN_UNITS
        self._by_marker = True
        self._damaged = False
        self._held = 0

    def read(self, buffer: bytearray, position: int, end: int) -> int:
        """Read the run of complete frames of this channel that begins at `position`.

        Returns where the run ends: at a frame that is incomplete, of another channel, or no RTP.
        """
        # About 200 packets a second and camera pass through here, most of them fragments that continue a
        # unit: local names, one unpack, one slice. Everything rare is a call.
        start = position
        channel = self._channel
        builder = self._builder
        parts = builder.parts
        append = parts.append
        depacketise = builder.packet
        mask, fragment = builder.FRAGMENT_MASK, builder.FRAGMENT_TYPE
        fragment_header = builder.FRAGMENT_HEADER
        unpack = FRAME_HEADER.unpack_from
        expected = self._expected
        timestamp = self._timestamp
        last = end - FRAME_HEADER_SIZE
        while position <= last:
            dollar, frame_channel, length, first, second, sequence, rtp_time = unpack(buffer, position)
            frame_end = position + 4 + length
            if frame_end > end or frame_channel != channel or dollar != DOLLAR:
                break
            payload = position + PAYLOAD_OFFSET
            payload_end = frame_end
            if first != PLAIN:
                if first & 0xC0 != PLAIN:
                    break
                payload, payload_end = payload_bounds(buffer, position + 4, frame_end)
            position = frame_end
            if sequence != expected:
                if not self._follows_hole(sequence, expected, rtp_time):
                    continue
                timestamp = self._timestamp
            expected = (sequence + 1) & 0xFFFF
            if rtp_time != timestamp:
                self._begin_unit(rtp_time)
                timestamp = rtp_time
            content = payload + fragment_header
            if content > payload_end:
                pass  # carries nothing, but may carry the marker
            elif buffer[payload] & mask == fragment and not buffer[content - 1] & 0x80 and parts:
                append(buffer[content:payload_end])
            else:
                depacketise(buffer, payload, payload_end)
            if second & MARKER and self._by_marker:
                self._end_unit()
                timestamp = self._timestamp
        self._expected = expected
        if position > start:
            self.runs += 1
            self._bound_unit(position - start)
        return position

    def _follows_hole(self, sequence: int, expected: int, rtp_time: int) -> bool:
        """Whether the packet goes on after a hole (True) or comes too late and is left out."""
        if expected < 0:
            return True
        ahead = (sequence - expected) & 0xFFFF
        if ahead >= 0x10000 - _MAX_MISORDER:
            return False
        self._builder.clear()
        self._damaged = True
        self._timestamp = rtp_time
        self._sink.on_loss(ahead if ahead < 0x8000 else 1)
        return True

    def _begin_unit(self, rtp_time: int) -> None:
        if self._timestamp != _BETWEEN_UNITS:
            self._finish()
        if rtp_time == self._last_ended:
            self._by_marker = False
            self._damaged = True
        self._timestamp = rtp_time

    def _end_unit(self) -> None:
        """The marker was set. Parameter sets or SEI alone wait for the picture they belong to."""
        if self._builder.picture or self._damaged or self._builder.broken:
            self._finish()

    def _finish(self) -> None:
        builder = self._builder
        if builder.broken and not self._damaged:
            self._sink.on_loss(1)
        elif builder.picture and not self._damaged:
            data = builder.join()
            if builder.sets_changed and (parameter_sets := builder.parameter_sets.complete()):
                builder.sets_changed = False
                self._sink.on_parameter_sets(parameter_sets)
            self._sink.on_video(data, self.clock.unwrap(self._timestamp), builder.key)
        builder.clear()
        self._damaged = False
        self._last_ended = self._timestamp
        self._timestamp = _BETWEEN_UNITS
        self._held = 0

    def _bound_unit(self, received: int) -> None:
        """Drop a unit that grows without end."""
        self._held = self._held + received if self._builder.parts else 0
        if self._held > self._max_access_unit:
            self._builder.clear()
            self._builder.broken = True
            self._held = 0
