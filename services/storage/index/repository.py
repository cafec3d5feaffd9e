"""The footage index in SQL. PostgreSQL's hot paths are in repository_postgres."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.index.packed import list_packed_and_before
from services.storage.index.recorded import Recorded, by_store
from services.storage.ledger.gaps import list_gaps, record_gaps
from services.storage.segment import JOIN_MS, MAX_DURATION_MS, EpochOpening, LedgerGap, Segment
from services.storage.spans import Span
from services.storage.tables import deletions, epochs, packed_days, segment_end, segments
from snowlight.database import Database
from snowlight.on_conflict import conflict_insert

COLUMNS = tuple(column for column in segments.c if column.name not in ("tombstone_ms", "doomed"))
KEY_COLUMNS = tuple(segments.primary_key.columns)
Key = tuple[str, int, int, int, int, str]
"""The values of KEY_COLUMNS."""
TOLD = ("session", "init_size", "codecs", "sha256", "fragments")
"""Columns that an object's key and size do not tell."""
NO_TABLE = sa.literal(b"", sa.LargeBinary).label("fragments")


@dataclass(frozen=True, slots=True)
class Epoch:
    """The newest epoch of a shard."""

    number: int
    late_until_ms: int
    """Up to where writers of older epochs have committed since it was opened; 0: they have not."""

    def outdates(self, segment: Segment) -> bool:
        """It was recorded in an older one."""
        return segment.epoch < self.number


class Repository:
    """Reads and writes the index. Its methods that take a connection run in the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def begin_answer(self, connection: AsyncConnection) -> None:
        """What is asked in this transaction from now on is answered as of one moment."""

    async def lock_epochs(
        self, connection: AsyncConnection, shards: Collection[int], *, alone: bool
    ) -> dict[int, Epoch]:
        """The newest epochs of `shards` that have one, held still until the transaction ends.

        `alone` also keeps other commits of the shards out (on SQLite every writer is alone).
        """
        query = (
            sa.select(epochs.c.shard, epochs.c.epoch, epochs.c.late_until_ms)
            .where(epochs.c.shard.in_(shards))
            .order_by(epochs.c.shard)  # one order for all: they wait, and never for each other
        )
        found = await connection.execute(query.with_for_update(read=not alone))
        return {row.shard: Epoch(row.epoch, row.late_until_ms) for row in found}

    async def extend_late(self, connection: AsyncConnection, shard: int, late_until_ms: int) -> None:
        """Writers of older epochs have committed up to there. The caller has the epoch alone."""
        await connection.execute(
            sa.update(epochs)
            .where(epochs.c.shard == shard, epochs.c.late_until_ms < late_until_ms)
            .values(late_until_ms=late_until_ms)
        )

    async def expect_successors(self, connection: AsyncConnection, epoch: int, until_ms: int) -> None:
        """Have commits of epochs newer than `epoch` look whether they overlap what ends at `until_ms`.

        It is entered without a commit, and gives way to them. Which shard it is of is not known: all look.
        """
        which = sa.and_(epochs.c.epoch > epoch, epochs.c.late_until_ms < until_ms)
        await connection.execute(  # in the order of all others
            sa.select(epochs.c.shard).where(which).order_by(epochs.c.shard).with_for_update()
        )
        await connection.execute(sa.update(epochs).where(which).values(late_until_ms=until_ms))

    async def save_epochs(self, connection: AsyncConnection, openings: Sequence[EpochOpening]) -> None:
        """Make each the newest of its shard, unless a newer one is there."""
        insert = conflict_insert(self.database.engine, epochs)
        await connection.execute(
            insert.on_conflict_do_update(
                index_elements=[epochs.c.shard],
                set_={
                    "epoch": insert.excluded.epoch,
                    "from_ms": insert.excluded.from_ms,
                    "late_until_ms": 0,
                },
                where=epochs.c.epoch < insert.excluded.epoch,
            ),
            [asdict(opening) for opening in sorted(openings, key=lambda each: each.shard)],
        )

    async def insert_segments(
        self, connection: AsyncConnection, rows: Sequence[Segment], *, tombstone_ms: int | None = None
    ) -> set[Key]:
        """Insert what is not there yet, buried when `tombstone_ms` is set. Returns the keys inserted."""
        if not rows:
            return set()
        rows = sorted(rows, key=key_of)  # one order for all writers: they wait, and never for each other
        statement = (
            conflict_insert(self.database.engine, segments).on_conflict_do_nothing().returning(*KEY_COLUMNS)
        )
        buried = {"tombstone_ms": tombstone_ms}
        values = [{column.name: getattr(row, column.name) for column in COLUMNS} | buried for row in rows]
        return {tuple(each) for each in await connection.execute(statement, values)}

    async def delete_live(self, connection: AsyncConnection, rows: Sequence[Segment]) -> int:
        """Delete those of `rows` that are there and not buried. Returns how many."""
        if not rows:
            return 0
        is_row = (column == sa.bindparam(f"its_{column.name}") for column in KEY_COLUMNS)
        live = (segments.c.tombstone_ms.is_(None), sa.not_(segments.c.doomed))
        keys = [
            {f"its_{column.name}": value for column, value in zip(KEY_COLUMNS, key_of(row), strict=True)}
            for row in rows
        ]
        return (await connection.execute(sa.delete(segments).where(*is_row, *live), keys)).rowcount

    async def near(self, connection: AsyncConnection, rows: Sequence[Segment]) -> list[Segment]:
        """Segments of the same cameras that overlap any of `rows`, without fragment tables."""
        if not rows:
            return []
        wanted = (
            sa.values(
                sa.column("uid", sa.Text),
                sa.column("start_ms", sa.BigInteger),
                sa.column("end_ms", sa.BigInteger),
            )
            .data([(row.camera_uid, row.start_ms, row.end_ms) for row in rows])
            .cte("wanted")
        )
        query = (
            sa.select(*COLUMNS[:-1], NO_TABLE)
            .distinct()
            .join(
                wanted,
                sa.and_(
                    segments.c.camera_uid == wanted.c.uid,
                    segments.c.start_ms > wanted.c.start_ms - MAX_DURATION_MS,
                    segments.c.start_ms < wanted.c.end_ms,
                    segment_end > wanted.c.start_ms,
                ),
            )
        )
        return segments_of(await connection.execute(query))

    async def save_gaps(self, connection: AsyncConnection, rows: Sequence[LedgerGap]) -> None:
        """Insert or renew by (camera, start). A gap once closed stays closed."""
        await record_gaps(connection, rows)

    async def list_segments(
        self, connection: AsyncConnection, camera_uid: str, start_ms: int, end_ms: int, *, fragments: bool
    ) -> list[Segment]:
        """Rows of segments that lie in [start_ms, end_ms) or reach into it, oldest first."""
        query = (
            sa.select(*COLUMNS[:-1], segments.c.fragments if fragments else NO_TABLE)
            .where(_within(camera_uid, start_ms, end_ms))
            .order_by(segments.c.start_ms, segments.c.epoch, segments.c.sequence)
        )
        return segments_of(await connection.execute(query))

    async def list_footage(
        self, camera_uid: str, start_ms: int, end_ms: int, connection: AsyncConnection | None = None
    ) -> list[Span]:
        """What is recorded in the range, whatever store it lies in, after the last span before the range.

        Rows and packed days, holes up to JOIN_MS joined; perhaps also more around the range. `connection`: of
        a write transaction, which so needs no second one.
        """
        if connection is None:
            recorded = await self.read_recorded(camera_uid, start_ms, end_ms)
        else:
            recorded = await self.recorded_in(connection, camera_uid, start_ms, end_ms)
        return recorded.footage(recorded.by_store)

    async def read_recorded(self, camera_uid: str, start_ms: int, end_ms: int) -> Recorded:
        """What is recorded in a range and why not more, as of one moment."""
        async with self.database.read() as connection:
            return await self.recorded_in(connection, camera_uid, start_ms, end_ms)

    async def recorded_in(
        self, connection: AsyncConnection, camera_uid: str, start_ms: int, end_ms: int
    ) -> Recorded:
        """`read_recorded`, in the caller's transaction."""
        spans = [
            *await connection.execute(_footage(camera_uid, start_ms, end_ms)),
            *await connection.execute(_last_before(camera_uid, start_ms)),
        ]
        packed = await list_packed_and_before(connection, camera_uid, start_ms, end_ms)
        firsts = (await connection.execute(_firsts(camera_uid))).one()
        ledger = await list_gaps(connection, [camera_uid], start_ms, end_ms)
        deleted = (await connection.execute(_deleted_until(camera_uid, start_ms, end_ms))).one()
        return Recorded(
            min((first_ms for first_ms in firsts if first_ms is not None), default=None),
            by_store(
                [(row.store, Span(row.start_ms, row.end_ms)) for row in spans]
                + [(day.store, span) for day in packed for span in day.footage()]
            ),
            ledger.get(camera_uid, []),
            max(until_ms or 0 for until_ms in deleted),
        )


def _footage(camera_uid: str, start_ms: int, end_ms: int) -> sa.Select[Any]:
    """Rows that lie in the range or reach into it, as joined spans of each store."""
    reached = sa.func.max(segment_end).over(
        partition_by=segments.c.store, order_by=segments.c.start_ms, rows=(None, -1)
    )
    ranged = sa.select(
        segments.c.store, segments.c.start_ms, segment_end.label("end_ms"), reached.label("reached_ms")
    )
    each = ranged.where(_within(camera_uid, start_ms, end_ms)).subquery()
    begins = sa.case((each.c.start_ms - each.c.reached_ms <= JOIN_MS, 0), else_=1)
    island = sa.func.sum(begins).over(partition_by=each.c.store, order_by=each.c.start_ms, rows=(None, 0))
    counted = sa.select(each, island.label("island")).subquery()
    return sa.select(
        counted.c.store,
        sa.func.min(counted.c.start_ms).label("start_ms"),
        sa.func.max(counted.c.end_ms).label("end_ms"),
    ).group_by(counted.c.store, counted.c.island)


def _last_before(camera_uid: str, start_ms: int) -> sa.Select[Any]:
    return (
        sa.select(segments.c.store, segments.c.start_ms, segment_end.label("end_ms"))
        .where(_of(camera_uid), segments.c.start_ms < start_ms, segment_end <= start_ms)
        .order_by(segments.c.start_ms.desc())
        .limit(1)
    )


def _firsts(camera_uid: str) -> sa.Select[Any]:
    """Where the camera's first row and its first packed day begin."""
    rows = sa.select(sa.func.min(segments.c.start_ms)).where(_of(camera_uid))
    packed = sa.select(sa.func.min(packed_days.c.first_ms)).where(
        packed_days.c.camera_uid == camera_uid, packed_days.c.objects > 0
    )
    return sa.select(rows.scalar_subquery(), packed.scalar_subquery())


def _deleted_until(camera_uid: str, start_ms: int, end_ms: int) -> sa.Select[Any]:
    """Up to where footage of the camera was deleted, and up to where it lies buried in the range."""
    known = sa.select(deletions.c.until_ms).where(deletions.c.camera_uid == camera_uid)
    buried = sa.select(sa.func.max(segment_end)).where(
        segments.c.camera_uid == camera_uid,
        segments.c.start_ms > start_ms - MAX_DURATION_MS,
        segments.c.start_ms < end_ms,
        segment_end > start_ms,
        segments.c.tombstone_ms.is_not(None),
        ~segments.c.doomed,
    )
    return sa.select(known.scalar_subquery(), buried.scalar_subquery())


def _of(camera_uid: str) -> sa.ColumnElement[bool]:
    return sa.and_(segments.c.camera_uid == camera_uid, segments.c.tombstone_ms.is_(None))


def _within(camera_uid: str, start_ms: int, end_ms: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        _of(camera_uid),
        segments.c.start_ms > start_ms - MAX_DURATION_MS,
        segments.c.start_ms < end_ms,
        segment_end > start_ms,
    )


def key_of(row: Segment) -> Key:
    return (row.camera_uid, row.start_ms, row.duration_ms, row.epoch, row.sequence, row.init8)


def segments_of(rows: Iterable[Any]) -> list[Segment]:
    """Rows of COLUMNS as segments."""
    return [Segment(*row) for row in rows]
