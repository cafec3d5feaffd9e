"""The hot path: interleaved RTP frames of one video track, read straight from what a connection received."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from services.ingest.sources.allowance import Allowance
from services.ingest.sources.rtp.access_unit import AccessUnitBuilder
from services.ingest.sources.rtp.header import (
    DOLLAR,
    FRAME_HEADER_SIZE,
    MARKER,
    PAYLOAD_OFFSET,
    PLAIN,
    is_next_packet,
    payload_bounds,
    read_frame_header,
)
from services.ingest.sources.rtp.timestamps import TimestampUnwrapper
from services.ingest.sources.source import AccessUnitSink

if TYPE_CHECKING:
    from mypy_extensions import i64

_BETWEEN_UNITS: Final = -1  # no RTP timestamp has this value
_MAX_MISORDER: Final = 100  # RFC 3550, A.1: so far behind is a duplicate or late, farther is a new start
_PICTURES: Final = 600  # at once: 60 a second in a stall just short of the silence that ends a source
_PICTURES_PER_SECOND: Final = 200  # 120 a second, and some to catch up
_CHANGED_SETS: Final = 20  # pictures: a key picture with other parameter sets begins a mux of its own
_HOLES: Final = 5000
_HOLES_PER_SECOND: Final = 1000


class VideoReceiver:
    """Turns RTP packets into access units and hands them to the sink.

    A unit ends with the marker bit, or where the timestamp changes. A camera that sends more of a unit after
    its marker is from then on taken by timestamps alone. A unit that a packet is missing from, or that may
    have begun in a hole, is dropped.

    Pictures and holes cost more than their bytes: a camera with too many ends as SourceError
    camera.protocol_error, raised by `read`, before it holds up the others.
    """

    __slots__ = (
        "_builder",
        "_by_marker",
        "_channel",
        "_expected",
        "_held",
        "_holes",
        "_last_ended",
        "_loss_told",
        "_max_access_unit",
        "_payload_type",
        "_pictures",
        "_run_began",
        "_sink",
        "_timestamp",
        "clock",
        "received",
        "runs",
    )

    def __init__(
        self,
        channel: int,
        payload_type: int,
        builder: AccessUnitBuilder,
        sink: AccessUnitSink,
        max_access_unit: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = TimestampUnwrapper()
        self.runs = 0  # how often frames arrived: stands still when the camera is silent
        self.received = 0  # packets so far, by their sequence numbers: those late or twice do not count
        self._channel = channel
        self._payload_type = payload_type
        self._builder = builder
        self._sink = sink
        self._max_access_unit = max_access_unit
        self._expected = -1
        self._run_began = -1  # since when no packet was missing, and none is counted yet
        self._timestamp = _BETWEEN_UNITS
        self._last_ended = _BETWEEN_UNITS
        self._by_marker = True
        self._loss_told = True  # a unit that was joined in its middle is no loss
        self._held = 0
        self._pictures = Allowance(
            "pictures", burst=_PICTURES, per_second=_PICTURES_PER_SECOND, monotonic=monotonic
        )
        self._holes = Allowance(
            "gaps in its packets", burst=_HOLES, per_second=_HOLES_PER_SECOND, monotonic=monotonic
        )

    def read(self, data: bytes, position: int, end: int) -> int:
        """Read the run of complete frames of this channel that begins at `position`.

        Returns where the run ends: at a frame that is incomplete, of another channel, or no RTP.
        """
        # About 200 packets a second and camera pass through here, most of them fragments that continue a
        # unit: local names (machine integers where it is compiled), one reading of the header, one slice.
        # More is called only where a unit begins or ends, or for what is rare.
        at: i64 = position
        last: i64 = end - FRAME_HEADER_SIZE
        channel: i64 = self._channel
        builder = self._builder
        parts = builder.parts
        mask: i64 = builder.FRAGMENT_MASK
        fragment: i64 = builder.FRAGMENT_TYPE
        fragment_header: i64 = builder.FRAGMENT_HEADER
        expected: i64 = self._expected
        timestamp: i64 = self._timestamp
        while at <= last:
            dollar, frame_channel, length, first, second, sequence, rtp_time = read_frame_header(data, at)
            frame_end: i64 = at + 4 + length
            if frame_end > end or frame_channel != channel or dollar != DOLLAR:
                break
            payload: i64 = at + PAYLOAD_OFFSET
            payload_end: i64 = frame_end
            if first != PLAIN:
                if first & 0xC0 != PLAIN:
                    break
                payload, payload_end = payload_bounds(data, at + 4, frame_end)
            at = frame_end
            if sequence != expected:
                if not self._follows_hole(sequence, expected):
                    continue
                if builder.broken:
                    timestamp = rtp_time
            expected = (sequence + 1) & 0xFFFF
            if rtp_time != timestamp:
                if timestamp != _BETWEEN_UNITS:
                    self._finish(timestamp)
                if rtp_time == self._last_ended:
                    self._doubt_marker(data, payload, payload_end)
                timestamp = rtp_time
            content: i64 = payload + fragment_header
            if content > payload_end:
                pass  # carries nothing, but may carry the marker
            elif builder.fragmented and data[payload] & mask == fragment and not data[content - 1] & 0x80:
                parts.append(data[content:payload_end])
            else:
                builder.packet(data, payload, payload_end)
            # Parameter sets or SEI alone wait for the picture they belong to.
            if second & MARKER and self._by_marker and (builder.picture or builder.broken):
                self._finish(timestamp)
                timestamp = _BETWEEN_UNITS
        self._expected = expected
        self._timestamp = timestamp
        if at > position:
            self.runs += 1
            self.received += (expected - self._run_began) & 0xFFFF
            self._run_began = expected
            self._held += at - position
            if self._held > self._max_access_unit:
                self._give_up_unit()
        return at

    def expects(self, data: bytes, position: int) -> bool:
        """Whether the frame at `position` looks like the track's next packet."""
        return is_next_packet(data, position, self._payload_type, self._expected)

    def _follows_hole(self, sequence: int, expected: int) -> bool:
        """Whether the packet goes on after a hole (True) or comes too late and is left out."""
        if expected < 0:
            self._run_began = sequence
            return True
        ahead = (sequence - expected) & 0xFFFF
        if ahead >= 0x10000 - _MAX_MISORDER:
            return False
        self.received += (expected - self._run_began) & 0xFFFF
        self._run_began = sequence
        self._holes.take()
        self._builder.clear()
        self._builder.broken = True
        self._loss_told = True
        self._sink.on_loss(ahead if ahead < 0x8000 else 1)
        return True

    def _doubt_marker(self, data: bytes, payload: int, payload_end: int) -> None:
        """After the marker comes more with the same timestamp: another picture, or the rest of the last.

        In the latter case what was told of it was not whole, its rest is dropped, and markers count no more.
        """
        if payload_end - payload < self._builder.FRAGMENT_HEADER:
            return
        if self._builder.continues_picture(data, payload, payload_end):
            self._by_marker = False
            self._builder.broken = True

    def _give_up_unit(self) -> None:
        """Drop what was gathered of a unit that grows without end, and go on dropping until it ends."""
        self._builder.clear()
        self._builder.broken = True
        self._held = 0

    def _finish(self, timestamp: int) -> None:
        builder = self._builder
        builder.end_fragments()
        self._pictures.take(_CHANGED_SETS if builder.sets_changed and builder.key else 1)
        if builder.broken:
            if not self._loss_told:
                self._sink.on_loss(1)
        elif builder.picture:
            data = builder.finish()
            if builder.sets_changed:
                self._tell_parameter_sets()
            self._sink.on_video(data, self.clock.unwrap(timestamp), builder.key)
        builder.clear()
        self._loss_told = False
        self._last_ended = timestamp
        self._held = 0

    def _tell_parameter_sets(self) -> None:
        parameter_sets = self._builder.parameter_sets.complete()
        if parameter_sets:
            self._builder.sets_changed = False
            self._sink.on_parameter_sets(parameter_sets)
