"""Cuts recordings into the segments of an archive playlist.

Segments are whole GOPs of about six seconds inside one recording, counted from the recording's start:
whatever range is asked for, the same footage has the same segments, but for the two edges.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

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
        return self.recording.independent[self.first]

    @property
    def offset(self) -> int:
        """Where its bytes begin in the object."""
        return self.recording.offsets[self.first]

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.recording.offsets[self.first + self.count] - self.offset

    def lies_within(self, start_ms: int, end_ms: int) -> bool:
        """It shows nothing outside [start_ms, end_ms) but the way from the last key frame before and the rest
        of the last fragment."""
        return (
            self.first >= self.recording.first_needed(start_ms)
            and self.recording.starts[self.first + self.count - 1] < end_ms
        )


def cut(recordings: list[Recording], start_ms: int, end_ms: int) -> list[Piece]:
    """The pieces to play [start_ms, end_ms): from the last key frame at or before its start to the fragment
    that holds its end."""
    pieces: list[Piece] = []
    for recording in recordings:
        first, last = recording.first_needed(start_ms), recording.first_after(end_ms)
        for group_first, group_end in _groups(recording):
            begin, end = max(group_first, first), min(group_end, last)
            if begin < end:
                pieces.append(Piece(recording, begin, end - begin))
    return pieces


def _groups(recording: Recording) -> Iterator[tuple[int, int]]:
    starts, count, first = recording.starts, recording.count, 0
    while first < count:
        start_ms = starts[first]
        whole = bisect_left(starts, start_ms + SEGMENT_MS - _ROUNDING_MS, first + 1, count)
        overlong = bisect_right(starts, start_ms + LONGEST_SEGMENT_MS, min(first + 2, count)) - 1
        end = max(first + 1, min(overlong, count))
        end = next((at for at in range(whole, end) if recording.independent[at]), end)
        yield first, end
        first = end
