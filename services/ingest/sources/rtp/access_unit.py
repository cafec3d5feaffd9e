"""One access unit in the making: its NAL units behind their lengths, joined once when it is complete."""

from abc import ABC, abstractmethod
from typing import ClassVar, Final

from services.ingest.sources.allowance import Allowance
from services.ingest.sources.rtp.parameter_sets import ParameterSets

LENGTH_SIZE: Final = 4
_START_CODE: Final = b"\x00\x00\x01"
_LENGTH_TO_COME: Final = bytes(LENGTH_SIZE)
_UNITS: Final = 20_000
_UNITS_PER_SECOND: Final = 10_000  # 100 slices in each of 100 pictures
_PARAMETER_SET: Final = 4  # units: it costs as much to read


class AccessUnitBuilder(ABC):
    """What the depacketisers of H.264 and H.265 share.

    While `fragmented` holds, the receiver appends the continuations of a fragmentation unit to `parts` by
    itself, since they are most of all packets; every other payload comes through `packet`. It knows a
    continuation by `payload[0] & FRAGMENT_MASK == FRAGMENT_TYPE` and a clear start bit in
    `payload[FRAGMENT_HEADER - 1]`.
    """

    FRAGMENT_MASK: ClassVar[int]
    FRAGMENT_TYPE: ClassVar[int]
    FRAGMENT_HEADER: ClassVar[int]

    __slots__ = (
        "_begin",
        "_no_picture",
        "_units",
        "broken",
        "fragmented",
        "key",
        "parameter_sets",
        "parts",
        "picture",
        "sets_changed",
    )

    def __init__(self, parameter_sets: ParameterSets) -> None:
        self.parts: list[bytes] = []
        self.fragmented = False  # the last NAL unit in `parts` came in fragments and may go on
        self.parameter_sets = parameter_sets
        self.sets_changed = False  # outlives a dropped unit: the next one delivered needs the sets too
        self.picture = False
        self.key = False
        self.broken = False
        self._begin = 0  # where in `parts` the last NAL unit's length is to stand, while `fragmented`
        self._no_picture = False
        self._units = Allowance("small NAL units", burst=_UNITS, per_second=_UNITS_PER_SECOND)

    @abstractmethod
    def packet(self, data: bytes, start: int, end: int) -> None:
        """Take the payload `data[start:end]` of FRAGMENT_HEADER bytes or more; set `broken` if bad."""

    @abstractmethod
    def continues_picture(self, data: bytes, start: int, end: int) -> bool:
        """Whether the payload begins in the middle of a picture: it cannot be the first of an access unit."""

    def unit(self, unit: bytes) -> None:
        """Take one whole NAL unit, of one byte at least, or several with start codes between them.

        Cameras that copy their encoder's byte stream (ISO/IEC 14496-10, B.1) into packets put a start code
        before a unit, or send parameter sets and the key picture behind them as one. Only there are start
        codes looked for: to search every picture would cost more than the rest.
        """
        if self._may_hold_start_codes(unit) and _START_CODE in unit:
            self._units.take(1 + unit.count(_START_CODE))  # those with nothing between them cost too
            for piece in unit.split(_START_CODE):
                if whole := piece.rstrip(b"\x00"):
                    self._single_unit(whole)
        else:
            self._single_unit(unit)

    @abstractmethod
    def _may_hold_start_codes(self, unit: bytes) -> bool:
        """Whether it is a parameter set, or begins as no NAL unit does."""

    @abstractmethod
    def _single_unit(self, unit: bytes) -> None:
        """Take one whole NAL unit, of one byte at least."""

    def end_fragments(self) -> None:
        """The access unit ends: what came in fragments has all come."""
        if self.fragmented:
            self._end_fragments()

    def clear(self) -> None:
        """Begin the next access unit."""
        self.parts.clear()
        self.picture = self.key = self.broken = self.fragmented = False

    def finish(self) -> bytes:
        """The access unit as `AccessUnitSink.on_video` takes it."""
        self.end_fragments()
        return b"".join(self.parts)

    def _begin_fragments(self, header: bytes, *, picture: bool) -> None:
        """Begin a NAL unit whose rest comes in fragments: only then is its length known."""
        self._begin = len(self.parts)
        self._no_picture = not picture
        self.fragmented = True
        self.parts += (_LENGTH_TO_COME, header)

    def _end_fragments(self) -> None:
        """Put the length in its place; what is no picture is treated as if it had come whole."""
        self.fragmented = False
        begin, parts = self._begin, self.parts
        if self._no_picture:
            unit = b"".join(parts[begin + 1 :])
            del parts[begin:]
            self.unit(unit)
            return
        size = -LENGTH_SIZE
        for part in parts[begin:] if begin else parts:
            size += len(part)
        parts[begin] = size.to_bytes(LENGTH_SIZE, "big")

    def _append(self, unit: bytes) -> None:
        self.parts += (len(unit).to_bytes(LENGTH_SIZE, "big"), unit)

    def _aggregate(self, data: bytes, start: int, end: int) -> None:
        """NAL units, each behind its 16-bit size: STAP-A of RFC 6184, 5.7.1 and AP of RFC 7798, 4.4.2."""
        while start + 2 < end:
            size = (data[start] << 8) | data[start + 1]
            start += 2
            if not size or start + size > end:
                self.broken = True
                return
            self._units.take()
            self.unit(data[start : start + size])
            start += size

    def _update_parameter_set(self, unit: bytes) -> None:
        self._units.take(_PARAMETER_SET)
        if self.parameter_sets.update(unit):
            self.sets_changed = True
