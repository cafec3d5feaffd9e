"""How much was watched with one ticket: what goes into the audit."""

from collections import deque

REMEMBERED = 48
"""Segments and parts that a player may load again while it plays on: what a live playlist lists and keeps."""


class Measure:
    """Seconds of media and bytes since the last report.

    Seconds are the sum of the durations of the segments and parts that were sent in whole; one that was sent
    a moment ago already (a retry, a second screen on the same ticket) is not counted again. What was sent is
    what was watched as far as a server can know: a paused player loads nothing. Bytes are those of all
    answers, playlists aside.
    """

    __slots__ = ("_bytes", "_recent", "_watched_ms")

    def __init__(self) -> None:
        self._recent: deque[int] = deque(maxlen=REMEMBERED)
        self._watched_ms = 0
        self._bytes = 0

    def __bool__(self) -> bool:
        """There is something to tell."""
        return self._watched_ms > 0 or self._bytes > 0

    def sent(self, size: int) -> None:
        """So many bytes were sent."""
        self._bytes += size

    def watched(self, segment: int, duration_ms: int) -> None:
        """A segment, by its number or start, or a part, by its start, was sent in whole."""
        if segment not in self._recent:
            self._recent.append(segment)
            self._watched_ms += duration_ms

    def take(self, *, all_of_it: bool) -> tuple[int, int]:
        """Milliseconds and bytes since the last time. Whole seconds, the rest being told next time, unless it
        is the last one."""
        watched_ms, size = self._watched_ms, self._bytes
        if not all_of_it:
            watched_ms -= watched_ms % 1000
        self._watched_ms -= watched_ms
        self._bytes = 0
        return watched_ms, size
