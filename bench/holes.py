"""What is missing in the index between one moment and another, and what is there twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import quantiles

from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc

Spans = Sequence[tuple[int, int]]
"""(start, end) of what is recorded of a camera, ms since 1970 UTC, in order."""
ROUNDING_MS = 5


@dataclass(frozen=True)
class Holes:
    """The longest one of each camera, ms."""

    longest_ms: Sequence[int]

    @classmethod
    def between(cls, cameras: Iterable[Spans], start_ms: int, end_ms: int) -> Holes:
        """Of holes that begin in [start_ms, end_ms); 0 for a camera without one."""
        return cls(sorted(_longest(spans, start_ms, end_ms) for spans in cameras))

    def part(self, percent: int) -> int:
        """The hole that so many of a hundred cameras have no longer one than."""
        if len(self.longest_ms) < 2:
            return self.most
        return round(quantiles(self.longest_ms, n=100, method="inclusive")[percent - 1])

    @property
    def most(self) -> int:
        return max(self.longest_ms, default=0)

    def __str__(self) -> str:
        return (
            f"{len(self.longest_ms)} cameras: p50 {self.part(50)} ms, p95 {self.part(95)} ms, "
            f"most {self.most} ms"
        )


def twice_ms(cameras: Iterable[Spans]) -> int:
    """How much of all cameras is recorded twice."""
    return sum(
        before[1] - after[0]
        for spans in cameras
        for before, after in pairwise(spans)
        if before[1] - after[0] > ROUNDING_MS
    )


async def spans_of(storage: storage_pb2_grpc.StorageAsyncStub, uid: str, start_ms: int, end_ms: int) -> Spans:
    """What the index has of a camera."""
    request = storage_pb2.ListSegmentsRequest(
        camera_uid=uid, start_ms=start_ms, end_ms=end_ms, without_fragments=True
    )
    answer = await storage.ListSegments(request)
    return sorted((each.start_ms, each.start_ms + each.duration_ms) for each in answer.segments)


def _longest(spans: Spans, start_ms: int, end_ms: int) -> int:
    holes = [after[0] - before[1] for before, after in pairwise(spans) if start_ms <= before[1] < end_ms]
    return max([0, *holes])
