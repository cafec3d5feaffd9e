"""One access unit in the making: the slices of its NAL units, joined once when it is complete."""

from abc import ABC, abstractmethod
from typing import ClassVar

from services.ingest.sources.rtp.parameter_sets import ParameterSets

START_CODE = b"\x00\x00\x00\x01"
NOTHING_OPEN = -1


class AccessUnitBuilder(ABC):
    """What the depacketisers of H.264 and H.265 share.

    The receiver appends the continuations of a fragmentation unit to `parts` by itself, since they are most
    of all packets; every other payload comes through `packet`. It knows a continuation by
    `payload[0] & FRAGMENT_MASK == FRAGMENT_TYPE` and a clear start bit in `payload[FRAGMENT_HEADER - 1]`.
    """

    FRAGMENT_MASK: ClassVar[int]
    FRAGMENT_TYPE: ClassVar[int]
    FRAGMENT_HEADER: ClassVar[int]

    __slots__ = ("_open", "broken", "key", "parameter_sets", "parts", "picture", "sets_changed")

    def __init__(self, parameter_sets: ParameterSets) -> None:
        self.parts: list[bytes | bytearray] = []
        self.parameter_sets = parameter_sets
        self.sets_changed = False  # outlives a dropped unit: the next one delivered needs the sets too
        self.picture = False
        self.key = False
        self.broken = False
        self._open = NOTHING_OPEN

    @abstractmethod
    def packet(self, buffer: bytearray, start: int, end: int) -> None:
        """Take the payload `buffer[start:end]` of FRAGMENT_HEADER bytes or more; set `broken` if bad."""

    @abstractmethod
    def continues_picture(self, buffer: bytearray, start: int, end: int) -> bool:
        """Whether the payload begins in the middle of a picture: it cannot be the first of an access unit."""

    @abstractmethod
    def unit(self, unit: bytearray) -> None:
        """Take one whole NAL unit without start code, of one byte at least."""

    def clear(self) -> None:
        """Begin the next access unit."""
        self.parts.clear()
        self.picture = self.key = self.broken = False
        self._open = NOTHING_OPEN

    def join(self) -> bytes:
        """The access unit in Annex B form (ISO/IEC 14496-10)."""
        if self._open != NOTHING_OPEN:
            self._close_fragment()
        return b"".join(self.parts)

    def _close_fragment(self) -> None:
        """End a fragmented unit that is no picture, and treat it as if it had come whole."""
        begin = self._open
        self._open = NOTHING_OPEN
        unit = bytearray().join(self.parts[begin:])
        del self.parts[begin:]
        self.unit(unit[len(START_CODE) :])

    def _open_fragment(self) -> None:
        """What is appended from here on is a fragmented parameter set, SEI message or delimiter."""
        self._open = len(self.parts)

    def _aggregate(self, buffer: bytearray, start: int, end: int) -> None:
        """NAL units, each behind its 16-bit size: STAP-A of RFC 6184, 5.7.1 and AP of RFC 7798, 4.4.2."""
        while start + 2 < end:
            size = (buffer[start] << 8) | buffer[start + 1]
            start += 2
            if not size or start + size > end:
                self.broken = True
                return
            self.unit(buffer[start : start + size])
            start += size

    def _update_parameter_set(self, unit: bytearray) -> None:
        if self.parameter_sets.update(bytes(unit)):
            self.sets_changed = True
