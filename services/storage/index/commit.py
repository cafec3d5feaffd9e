"""The decision which segments enter the index: the writer's epoch, inside the transaction."""

from collections import defaultdict
from collections.abc import Sequence
from enum import Enum

from services.storage.index.repository import Repository
from services.storage.ledger.day_rows import reopen
from services.storage.ledger.days import SETTLE_MS
from services.storage.ledger.spans import Span
from services.storage.segment import Commit, Segment
from snowlight.clock import Clock
from snowlight.errors import FailedPreconditionError

OVERLAP_MS = 5
"""Overlaps up to this long are rounding, not double footage."""


class Outcome(Enum):
    COMMITTED = "committed"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"


class Ledger:
    """Takes in epochs and commits."""

    def __init__(self, repository: Repository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock

    async def open_epoch(self, shard: int, epoch: int, from_ms: int) -> None:
        """Make `epoch` the newest of `shard`. Raises FailedPreconditionError when a newer one is known."""
        async with self._repository.database.write() as connection:
            await self._repository.save_epoch(connection, shard, epoch, from_ms)
            newest = await self._repository.lock_epoch(connection, shard, alone=True)
        if newest != epoch:
            raise FailedPreconditionError(
                "storage.epoch_old", f"shard {shard} is at epoch {newest}, newer than {epoch}"
            )

    async def commit(self, commit: Commit) -> list[Outcome]:
        """Write `commit` as a whole. Returns what became of each segment.

        Raises FailedPreconditionError when no epoch of the shard was ever opened.
        """
        outcomes = await self._write(commit, alone=False)
        if outcomes is None:
            # Late segments. Nobody may commit what they overlap between the look and the insert, and a lock
            # cannot be made stricter while others share it.
            outcomes = await self._write(commit, alone=True)
        assert outcomes is not None
        return outcomes

    async def _write(self, commit: Commit, *, alone: bool) -> list[Outcome] | None:
        """Write `commit` in one transaction; nothing, and None, when it must be alone and is not."""
        repository = self._repository
        async with repository.database.write() as connection:
            newest = await repository.lock_epoch(connection, commit.shard, alone=alone)
            if newest is None:
                raise FailedPreconditionError(
                    "storage.epoch_unknown", f"no epoch of shard {commit.shard} was opened"
                )
            late = [segment for segment in commit.segments if segment.epoch < newest]
            if late and not alone:
                return None
            fresh = [segment for segment in commit.segments if segment.epoch >= newest]
            inserted = await repository.insert_segments(connection, fresh)
            near = await repository.near(connection, late)
            inserted |= await repository.insert_segments(connection, choose_late(late, near))
            await repository.save_gaps(connection, commit.gaps)
            # What is younger is in no closed day yet, and that is nearly all there is.
            old_ms = self._clock.now_ms() - SETTLE_MS
            await reopen(
                connection,
                [
                    (segment.camera_uid, Span(segment.start_ms, segment.end_ms))
                    for segment in commit.segments
                    if segment.start_ms < old_ms and str(segment.key) in inserted
                ],
            )
        there = inserted | {str(segment.key) for segment in near}
        return _outcomes(commit.segments, inserted, there, newest)


def choose_late(late: Sequence[Segment], near: Sequence[Segment]) -> list[Segment]:
    """Those of an older epoch that overlap nothing: neither what is `near` them nor each other."""
    taken: dict[str, list[Segment]] = defaultdict(list)
    for segment in near:
        taken[segment.camera_uid].append(segment)
    chosen: list[Segment] = []
    for segment in sorted(late, key=lambda each: (-each.epoch, each.start_ms)):
        others = taken[segment.camera_uid]
        if not any(overlap(segment, other) for other in others):
            others.append(segment)
            chosen.append(segment)
    return chosen


def overlap(one: Segment, other: Segment) -> bool:
    """They hold more of the same time than rounding explains."""
    common_ms = min(one.end_ms, other.end_ms) - max(one.start_ms, other.start_ms)
    return common_ms > min(OVERLAP_MS, one.duration_ms - 1, other.duration_ms - 1)


def _outcomes(segments: Sequence[Segment], inserted: set[str], there: set[str], newest: int) -> list[Outcome]:
    outcomes: list[Outcome] = []
    left = set(inserted)
    for segment in segments:
        key = str(segment.key)
        if key in left:
            left.remove(key)  # the same key once more in one call is a duplicate
            outcomes.append(Outcome.COMMITTED)
        elif segment.epoch >= newest or key in there:
            outcomes.append(Outcome.DUPLICATE)
        else:
            outcomes.append(Outcome.SUPERSEDED)
    return outcomes
