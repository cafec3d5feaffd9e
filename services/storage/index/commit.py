"""The decision which segments enter the index: the writer's epoch, inside the transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import Enum

from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.catalogue.outbox import EPOCHS, note_changed
from services.storage.index.day_objects import DayObjects
from services.storage.index.known_days import KnownDays, list_overlapped
from services.storage.index.learning import learn
from services.storage.index.packed import PackedDay
from services.storage.index.repository import Epoch, Key, Repository, key_of
from services.storage.ledger.day_rows import reopen
from services.storage.ledger.days import SETTLE_MS
from services.storage.ledger.refused import record_refused
from services.storage.segment import DAY_MS, Commit, EpochOpening, Segment
from services.storage.spans import Span
from snowlight.clock import Clock
from snowlight.errors import FailedPreconditionError, UnavailableError

OVERLAP_MS = 5
"""Overlaps up to this long are rounding, not double footage."""
_ATTEMPTS = 6


class Outcome(Enum):
    COMMITTED = "committed"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"


class Ledger:
    """Takes in epochs and commits."""

    def __init__(self, repository: Repository, objects: DayObjects, clock: Clock) -> None:
        self._repository = repository
        self._objects = objects
        self._clock = clock

    async def open_epoch(self, opening: EpochOpening) -> None:
        """Make its epoch the newest of its shard. Raises FailedPreconditionError when a newer one is known.

        Its number is in the error's metadata, `newest`.
        """
        newest = (await self.open_epochs([opening])).get(opening.shard)
        if newest is not None:
            raise FailedPreconditionError(
                "storage.epoch_old",
                f"shard {opening.shard} is at epoch {newest}, newer than {opening.epoch}",
                metadata={"newest": str(newest)},
            )

    async def open_epochs(self, openings: Sequence[EpochOpening]) -> dict[int, int]:
        """Make each epoch the newest of its shard. Returns, by shard, the newer ones that are known."""
        if not openings:
            return {}
        async with self._repository.database.write() as connection:
            await self._repository.save_epochs(connection, openings)
            shards = [opening.shard for opening in openings]
            known = await self._repository.lock_epochs(connection, shards, alone=True)
            await note_changed(connection, EPOCHS)
        return {
            opening.shard: known[opening.shard].number
            for opening in openings
            if known[opening.shard].number != opening.epoch
        }

    async def commit(self, commit: Commit) -> list[Outcome]:
        """Write `commit` as a whole. Returns what became of each segment.

        Raises FailedPreconditionError when no epoch of a shard was ever opened, UnavailableError when the
        store of an index object that must be looked into does not answer.
        """
        alone = False
        known = KnownDays(self._objects)
        for _ in range(_ATTEMPTS):
            try:
                return await self._write(commit, known, alone=alone)
            except _MustBeAloneError:
                # Nobody may commit what late segments overlap between the look and the insert, and a lock
                # cannot be made stricter while others share it.
                alone = True
            except _MustReadError as error:
                for row in error.rows:
                    await known.read(row)
        raise UnavailableError("storage.busy", "the days of these segments are being packed: try again")

    async def _write(self, commit: Commit, known: KnownDays, *, alone: bool) -> list[Outcome]:
        """Write `commit` in one transaction, or nothing when it is not prepared for it."""
        repository = self._repository
        async with repository.database.write() as connection:
            epochs = await self._epochs(connection, commit, alone=alone)
            late = [segment for segment in commit.segments if epochs[segment.camera_uid].outdates(segment)]
            if late and not alone:
                raise _MustBeAloneError
            fresh = [each for each in commit.segments if not epochs[each.camera_uid].outdates(each)]
            packed = known.near(commit.segments)
            there = {key_of(segment) for segment in packed}
            if there:
                fresh = [segment for segment in fresh if key_of(segment) not in there]
            displaced = await self._displace(connection, epochs, fresh)
            inserted = await repository.insert_segments(connection, fresh)
            near = await repository.near(connection, late)
            # Rows that a packed day takes over are gone only once the day can be seen, so days are looked for
            # after all looks at rows.
            days = await list_overlapped(connection, self._past(commit.segments))
            if not known.are(days):
                raise _MustReadError(days)
            near += packed
            chosen = choose_late(late, near)
            inserted |= await repository.insert_segments(connection, chosen)
            for shard, until_ms in _ends(commit, chosen).items():
                await repository.extend_late(connection, shard, until_ms)
            await self._learn(connection, commit.segments, inserted, packed)
            known_keys = {key_of(each) for each in (*near, *chosen)}
            refused = [segment for segment in late if key_of(segment) not in known_keys]
            await record_refused(connection, [*displaced, *refused], [*near, *fresh, *chosen])
            await repository.save_gaps(connection, commit.gaps)
            # What is younger is in no closed day yet, and that is nearly all there is.
            old_ms = self._clock.now_ms() - SETTLE_MS
            await reopen(
                connection,
                [
                    (segment.camera_uid, Span(segment.start_ms, segment.end_ms))
                    for segment in commit.segments
                    if segment.start_ms < old_ms and key_of(segment) in inserted
                ],
            )
        told = inserted | {key_of(segment) for segment in near}
        return _outcomes(commit.segments, inserted, told, {key_of(segment) for segment in late})

    async def _learn(
        self,
        connection: AsyncConnection,
        segments: Sequence[Segment],
        inserted: set[Key],
        packed: Sequence[Segment],
    ) -> None:
        """What of `segments` is in the index already may have been found in its store, by a rebuild or the
        comparison with the bucket: only its writer knows the hash.

        Of a packed day such a row is entered beside it, until the closer merges the two.
        """
        again = [segment for segment in segments if key_of(segment) not in inserted]
        if not again:
            return
        await learn(connection, again)
        found = {key_of(each): each for each in packed if not each.sha256}
        await self._repository.insert_segments(
            connection, [each for each in again if each.sha256 and is_same(each, found.get(key_of(each)))]
        )

    async def _epochs(self, connection: AsyncConnection, commit: Commit, *, alone: bool) -> dict[str, Epoch]:
        """The newest epoch of the shard of each camera, by its uid."""
        epochs = await self._repository.lock_epochs(connection, commit.required, alone=alone)
        unknown = commit.required - epochs.keys()
        if unknown:
            raise FailedPreconditionError(
                "storage.epoch_unknown", f"no epoch of shard {min(unknown)} was opened"
            )
        return {uid: epochs[shard] for uid, shard in commit.shards.items()}

    async def _displace(
        self, connection: AsyncConnection, epochs: Mapping[str, Epoch], fresh: Sequence[Segment]
    ) -> list[Segment]:
        """What a writer that has lost its shard committed meanwhile gives way to its successor's.

        Its objects are set aside by the comparison with the bucket.
        """
        contested = [
            segment for segment in fresh if segment.start_ms < epochs[segment.camera_uid].late_until_ms
        ]
        older = [
            found
            for found in await self._repository.near(connection, contested)
            if epochs[found.camera_uid].outdates(found)
            and any(found.camera_uid == each.camera_uid and overlap(found, each) for each in contested)
        ]
        await self._repository.delete_live(connection, older)
        return older

    def _past(self, segments: Sequence[Segment]) -> list[Segment]:
        """Those that may lie in a packed day, which is one that has been over for an hour at least."""
        today = self._clock.now_ms() // DAY_MS
        return [segment for segment in segments if segment.start_ms // DAY_MS < today]


class _MustBeAloneError(Exception):
    """The commit has late segments and shares the epoch with others."""


class _MustReadError(Exception):
    """The commit overlaps packed days that were not looked into."""

    def __init__(self, rows: Sequence[PackedDay]) -> None:
        super().__init__(len(rows))
        self.rows = rows


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


def is_same(one: Segment, other: Segment | None) -> bool:
    """Both are of one object, whatever else is known of it."""
    return other is not None and (one.store, one.size) == (other.store, other.size)


def _ends(commit: Commit, segments: Sequence[Segment]) -> dict[int, int]:
    """By shard, where the last of them ends."""
    ends: dict[int, int] = {}
    for segment in segments:
        shard = commit.shards[segment.camera_uid]
        ends[shard] = max(ends.get(shard, 0), segment.end_ms)
    return ends


def _outcomes(
    segments: Sequence[Segment], inserted: set[Key], there: set[Key], late: set[Key]
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    left = set(inserted)
    for segment in segments:
        key = key_of(segment)
        if key in left:
            left.remove(key)  # the same key once more in one call is a duplicate
            outcomes.append(Outcome.COMMITTED)
        elif key not in late or key in there:
            outcomes.append(Outcome.DUPLICATE)
        else:
            outcomes.append(Outcome.SUPERSEDED)
    return outcomes
