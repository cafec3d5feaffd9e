"""What a camera has recorded already, which nothing may be recorded over when a clock goes back."""

from collections.abc import Iterable
from typing import Final

HOLE_MS: Final = 1000
"""A shorter one between two fragments is none."""


class Recorded:
    """The span that grows now, and those that were left ahead by steps back of the clock."""

    def __init__(self, ahead: Iterable[tuple[int, int]] = ()) -> None:
        """`ahead`: (start, end) of what earlier sessions recorded later than it is now."""
        self._start_ms = 0
        self._end_ms: int | None = None
        self._ahead = list(ahead)

    def is_taken(self, start_ms: int, end_ms: int) -> bool:
        """There is footage of that time, of before the clock went back: each minute is to be played once."""
        if self._end_ms is not None and start_ms < self._end_ms - HOLE_MS:
            self._ahead.append((self._start_ms, self._end_ms))
            self._end_ms = None
        return bool(self._ahead) and any(start_ms < end and start < end_ms for start, end in self._ahead)

    def add(self, start_ms: int, end_ms: int) -> None:
        """That was recorded now."""
        if self._end_ms is None or start_ms - self._end_ms > HOLE_MS:
            self._start_ms = start_ms
        self._end_ms = end_ms
        if self._ahead:
            self._ahead = [span for span in self._ahead if span[1] > start_ms]
