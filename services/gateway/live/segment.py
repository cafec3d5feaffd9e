"""What live playlists list: parts, and the segments that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from snowlight.media.boxes import movie_fragment_number
from snowlight.media.fragment import Fragment, InitSection


@dataclass(frozen=True, slots=True)
class LivePart:
    """A partial segment (RFC 8216bis section 4.4.4.9): one fragment."""

    session: int
    number: int
    """Its place in the session, from 1. Its URI names this, so that the next one's is known before it is
    there, whether that goes on with the segment or begins another."""
    start_ms: int
    duration_ms: int
    independent: bool
    """It begins with a key frame."""
    lossy: bool
    """Packets were lost while it was made."""
    data: bytes | memoryview

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.duration_ms


@dataclass(frozen=True, slots=True, weakref_slot=True)
class LiveSegment:
    """A whole media segment."""

    number: int
    """Its media sequence number."""
    init: InitSection
    parts: tuple[LivePart, ...]
    data: bytes

    @property
    def start_ms(self) -> int:
        return self.parts[0].start_ms

    @property
    def end_ms(self) -> int:
        return self.parts[-1].end_ms

    @property
    def duration_ms(self) -> int:
        return self.end_ms - self.start_ms

    @property
    def independent(self) -> bool:
        """It begins with a key frame."""
        return self.parts[0].independent


def part_of(fragment: Fragment, session: int) -> LivePart:
    """Raises ValueError for bytes that are no movie fragment."""
    data = fragment.data
    return LivePart(
        session=session,
        number=movie_fragment_number(data),
        start_ms=fragment.start_ms,
        duration_ms=fragment.duration_ms,
        independent=fragment.independent,
        lossy=fragment.lossy,
        data=data,
    )


def segment_of(number: int, init: InitSection, parts: Sequence[LivePart]) -> LiveSegment:
    """The segment that `parts`, at least one, make. Its bytes are held once: its parts are views of them."""
    data = b"".join(part.data for part in parts)
    view, position, views = memoryview(data), 0, []
    for part in parts:
        end = position + len(part.data)
        views.append(replace(part, data=view[position:end]))
        position = end
    return LiveSegment(number=number, init=init, parts=tuple(views), data=data)
