"""One continuous time for a file, out of footage with holes. Pure."""

from services.storage.exports.rendering.footage import TICKS_PER_MS, Picture
from services.storage.exports.rendering.job import Part
from services.storage.segment import JOIN_MS

_SMOOTH_TICKS = 300 * TICKS_PER_MS
"""A clock that goes on does not jump by more (media.md: a larger jump begins a new session)."""


class FileTimeline:
    """Places runs of pictures one behind the other. Times in 1/90000 s; the first picture is shown at 0."""

    def __init__(self) -> None:
        self.shift = 0
        """From an object's own clock to the file's."""
        self.end = 0
        """Where the next picture would be decoded."""
        self.shown_until = 0
        self.wall_end_ms: float | None = None
        """When what is in the file so far ends; None while there is nothing."""
        self._media_end = 0
        self._parts: list[Part] = []

    def begin(self, first: Picture, *, shown_from: int | None = None) -> bool:
        """Place what begins with `first`. `shown_from`: of it, when it begins to be shown. True when it does
        not simply go on."""
        shown = first.pts if shown_from is None else shown_from
        wall_ms = first.wall_ms + (shown - first.pts) / TICKS_PER_MS
        if self.wall_end_ms is None:
            self.shift = -shown
        else:
            hole_ms = wall_ms - self.wall_end_ms
            if abs(hole_ms) <= JOIN_MS and abs(first.dts - self._media_end) <= _SMOOTH_TICKS:
                return False
            kept_ms = hole_ms if 0 < hole_ms <= JOIN_MS else 0
            self.shift = self.end + round(kept_ms * TICKS_PER_MS) - first.dts
            if abs(hole_ms) <= JOIN_MS:
                return True
        offset_ms = round((shown + self.shift) / TICKS_PER_MS)
        self._parts.append(Part(start_ms=round(wall_ms), end_ms=round(wall_ms), offset_ms=offset_ms))
        return True

    def add(self, picture: Picture, *, until: int | None = None) -> None:
        """It is in the file, and shown until its duration is over, or `until`."""
        shown_until = picture.pts + picture.duration if until is None else until
        self._media_end = picture.dts + picture.duration
        self.end = self._media_end + self.shift
        self.shown_until = max(self.shown_until, shown_until + self.shift)
        wall_end_ms = picture.wall_ms + (shown_until - picture.pts) / TICKS_PER_MS
        self.wall_end_ms = wall_end_ms if self.wall_end_ms is None else max(self.wall_end_ms, wall_end_ms)
        last = self._parts[-1]
        self._parts[-1] = last.model_copy(update={"end_ms": max(last.end_ms, round(wall_end_ms))})

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(self._parts)

    @property
    def duration_ms(self) -> int:
        return round(self.shown_until / TICKS_PER_MS)
