"""What of a camera's live pictures a reader gets next, however late it asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from services.gateway.live.segment import LivePart
from services.gateway.live.window import LiveWindow

LONGEST_LAG_MS = 3_000
"""Whoever is further behind goes on at the newest key frame."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a reader is: the last part that it has had."""

    session: int
    number: int
    end_ms: int


class Break(Enum):
    """Why a part does not go on where the last one ended."""

    TOO_SLOW = auto()
    SOURCE = auto()
    """Another mux session, or parts that never came."""
    RESUME_TOO_LATE = auto()
    """What follows the place that was resumed from is not kept."""


@dataclass(frozen=True, slots=True)
class Next:
    """What a reader gets."""

    part: LivePart
    begins: bool
    """Its init section has to come before it."""
    gap: Break | None
    last_end_ms: int | None
    """When the part before ended; None where there is none."""


class Following:
    """One reader's way through the windows of a camera's rendition.

    It holds no footage: what comes next is looked up once there is room for it, so that a slow reader skips
    pictures and costs no memory.
    """

    def __init__(self, resumed: Place | None = None) -> None:
        """`resumed`: where an earlier reader stopped, at whichever gateway."""
        self._place = resumed
        self._is_resuming = self._is_catching_up = resumed is not None
        self._has_begun = self._had_all = False
        self._believed_until_ms: int | None = None

    def next(self, window: LiveWindow) -> Next | None:
        """The next part; None while nothing has come since."""
        newer = window.after(self._place)
        if not newer and self._is_beyond(window):
            newer = window.after(None)
        if not newer:
            self._had_all = True
            return None
        part, gap = self._chosen(newer, window)
        if part is None:
            return None
        place = self._place
        begins = not self._has_begun or place is None or part.session != place.session
        self._place = Place(part.session, part.number, part.end_ms)
        self._has_begun = True
        self._is_resuming = self._had_all = False
        return Next(part, begins, gap, place.end_ms if place is not None else None)

    def _chosen(self, newer: Sequence[LivePart], window: LiveWindow) -> tuple[LivePart | None, Break | None]:
        first = newer[0]
        key = next((part for part in reversed(newer) if part.independent), None)
        place = self._place
        if place is None:
            return key, None
        follows = (first.session, first.number) == (place.session, place.number + 1)
        is_late = newer[-1].end_ms - first.start_ms > LONGEST_LAG_MS
        if not is_late:
            self._is_catching_up = False
        if not is_late or self._is_catching_up:
            if follows:
                return first, None
            if self._begins_behind(place, first, window):
                return first, Break.SOURCE
        if follows and (key is None or key is first):
            return first, None
        if self._is_resuming:
            return key, Break.RESUME_TOO_LATE
        never_came = not follows and (self._had_all or not is_late)
        return key, Break.SOURCE if never_came else Break.TOO_SLOW

    def _begins_behind(self, place: Place, first: LivePart, window: LiveWindow) -> bool:
        """`first` begins the session that follows the place's, of which nothing was missed."""
        had_last = not self._is_resuming or window.part(place.session, place.number) is not None
        return had_last and first.session != place.session and first.number == 1 and first.independent

    def _is_beyond(self, window: LiveWindow) -> bool:
        """Another gateway may be a little ahead of this one. A place that nothing reaches is none."""
        if not self._is_resuming:
            return False
        newest = next(reversed(window.newest_pictures()), None)
        if newest is None:
            return False
        if self._believed_until_ms is None:
            self._believed_until_ms = newest.end_ms + LONGEST_LAG_MS
        return newest.end_ms > self._believed_until_ms
