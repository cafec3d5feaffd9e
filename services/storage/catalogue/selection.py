"""Which of the objects found in a store belong into the index. Pure: no database, no store."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence

from services.storage.index.commit import OVERLAP_MS
from services.storage.segment import MAX_DURATION_MS
from snowlight.media.fragment import ObjectKey


class Taken:
    """Time of one camera that is taken. Overlaps that rounding explains are none."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []
        self._longest_ms = MAX_DURATION_MS

    def add(self, spans: Iterable[tuple[int, int]]) -> None:
        """Take (start, end) spans."""
        self._spans = sorted([*self._spans, *spans])
        self._longest_ms = max((end - start for start, end in self._spans), default=0)

    def overlaps(self, start_ms: int, end_ms: int) -> bool:
        """A part of [start_ms, end_ms) is taken."""
        first = bisect_left(self._spans, (start_ms - self._longest_ms, 0))
        for start, end in self._spans[first : bisect_left(self._spans, (end_ms, 0))]:
            common_ms = min(end, end_ms) - max(start, start_ms)
            if common_ms > min(OVERLAP_MS, end - start - 1, end_ms - start_ms - 1):
                return True
        return False


def choose(keys: Sequence[ObjectKey], taken: Taken) -> list[ObjectKey]:
    """Of one camera's `keys` those to be played: where epochs overlap, the newer one's.

    What is `taken` stays whosever it is. Within an epoch all count, as they did when they were committed.
    """
    by_epoch: dict[int, list[ObjectKey]] = defaultdict(list)
    for key in keys:
        by_epoch[key.epoch].append(key)
    chosen: list[ObjectKey] = []
    for epoch in sorted(by_epoch, reverse=True):
        free = [key for key in by_epoch[epoch] if not taken.overlaps(key.start_ms, key.end_ms)]
        taken.add((key.start_ms, key.end_ms) for key in free)
        chosen += free
    return chosen
