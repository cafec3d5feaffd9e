"""Cuts recordings into the segments of an archive playlist.

Segments are whole GOPs of about six seconds inside one recording, counted from the recording's start:
whatever range is asked for, the same footage has the same segments, but for the two edges.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from services.gateway.archive.recording import Recording

SEGMENT_MS = 6_000
_ROUNDING_MS = 100
"""GOPs that fall short of it by less are taken for six seconds: durations are rounded to the millisecond."""
LONGEST_SEGMENT_MS = 12_000
"""A GOP longer than this is cut within; players then load two segments for one picture."""
LONGEST_REQUEST_MS = 30_000
"""Of a segment with more than one fragment."""


@dataclass(slots=True, unsafe_hash=True)
class Piece:
    """`count` fragments of a recording from `first` on: one media segment. Nobody changes one; a day has
    14,400, and frozen ones take three times as long to make."""

    recording: Recording
    first: int
    count: int

    @property
    def start_ms(self) -> int:
        return self.recording.starts[self.first]

    @property
    def end_ms(self) -> int:
        return self.recording.starts[self.first + self.count]

    @property
    def duration_ms(self) -> int:
        return self.end_ms - self.start_ms

    @property
    def independent(self) -> bool:
        """It begins with a key frame."""
        return bool(self.recording.independent[self.first])

    @property
    def offset(self) -> int:
        """Where its bytes begin in the object."""
        return self.recording.offset(self.first)

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.recording.size(self.first, self.count)

    def lies_within(self, start_ms: int, end_ms: int) -> bool:
        """It shows nothing outside [start_ms, end_ms) but the way from the last key frame before and the rest
        of the last fragment."""
        return (
            self.first >= self.recording.first_needed(start_ms)
            and self.recording.starts[self.first + self.count - 1] < end_ms
        )


@dataclass(slots=True)
class Run:
    """Pieces that follow each other in one recording: of a day's, few need to be made."""

    recording: Recording
    bounds: list[int]
    """The fragment that each begins with, and after the last one where it ends."""
    instants: list[int]
    """When each starts, ms since 1970 UTC, and after the last one when it ends."""

    @property
    def independent(self) -> bool:
        """Each begins with a key frame."""
        is_key = self.recording.independent
        return all(is_key[first] for first in self.bounds[:-1])

    @property
    def longest_ms(self) -> int:
        """How long the longest lasts."""
        return max([end_ms - start_ms for start_ms, end_ms in pairwise(self.instants)])

    def pieces(self) -> list[Piece]:
        """At least one."""
        return [Piece(self.recording, first, end - first) for first, end in pairwise(self.bounds)]


def cut(recordings: Iterable[Recording], start_ms: int, end_ms: int) -> list[Piece]:
    """The pieces to play [start_ms, end_ms): from the last key frame at or before its start to the fragment
    that holds its end."""
    return [piece for run in cut_runs(recordings, start_ms, end_ms) for piece in run.pieces()]


def cut_runs(recordings: Iterable[Recording], start_ms: int, end_ms: int) -> list[Run]:
    """As `cut`."""
    runs: list[Run] = []
    for recording in recordings:
        bounds = _bounds(recording)
        if recording.start_ms < start_ms or recording.end_ms > end_ms:
            first, end = recording.first_needed(start_ms), recording.first_after(end_ms)
            if first >= end:
                continue
            bounds = [first, *(bound for bound in bounds if first < bound < end), end]
        runs.append(Run(recording, bounds, [recording.starts[bound] for bound in bounds]))
    return runs


def _bounds(recording: Recording) -> list[int]:
    """Where the segments of a recording begin, and the last one ends."""
    starts, count, first = recording.starts, recording.count, 0
    bounds = [0]
    while first < count:
        start_ms = starts[first]
        whole = bisect_left(starts, start_ms + SEGMENT_MS - _ROUNDING_MS, first + 1, count)
        end = recording.next_key(whole, count) or count
        if starts[end] > start_ms + LONGEST_SEGMENT_MS:
            overlong = bisect_right(starts, start_ms + LONGEST_SEGMENT_MS, first + 1, end)
            end = max(first + 1, overlong - 1)
        bounds.append(end)
        first = end
    return bounds
