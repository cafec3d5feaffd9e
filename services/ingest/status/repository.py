"""State changes, gaps and discontinuity counts in the database, SQLite or PostgreSQL alike."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.registry.tables import cameras
from services.ingest.shards.own import OwnShards
from services.ingest.status.board import CHANGES_KEPT
from services.ingest.status.change import StateChange
from services.ingest.status.gaps import GAP_MIN_MS, Gap
from services.ingest.uid_parts import uid_parts
from snowlight.database import Database
from snowlight.on_conflict import conflict_insert
from snowlight.shards import shard_of

GAPS_KEPT = 50
"""Gaps kept of each camera, besides those that storage has not been told."""

_metadata = sa.MetaData()
_changes = sa.Table(
    "state_changes",
    _metadata,
    sa.Column("camera_uid", sa.String, primary_key=True),
    sa.Column("time_ms", sa.BigInteger, primary_key=True),
    sa.Column("state", sa.Integer),
    sa.Column("reason", sa.String),
    sa.Column("number", sa.BigInteger),
)
_state_head = sa.Table(
    "state_head",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("number", sa.BigInteger),
)
_gaps = sa.Table(
    "gaps",
    _metadata,
    sa.Column("camera_uid", sa.String, primary_key=True),
    sa.Column("start_ms", sa.BigInteger, primary_key=True),
    sa.Column("end_ms", sa.BigInteger),
    sa.Column("cause", sa.String),
    sa.Column("reported", sa.Boolean),
)
_OPEN_GAPS = sa.select(_gaps).where(_gaps.c.end_ms.is_(None)).order_by(_gaps.c.start_ms)
_discontinuities = sa.Table(
    "discontinuities",
    _metadata,
    sa.Column("camera_uid", sa.String, primary_key=True),
    sa.Column("sequence", sa.BigInteger),
)


class StatusRepository:
    """All calls raise UnavailableError while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(
        self, changes: Sequence[StateChange], gaps: Sequence[Gap], discontinuities: Mapping[str, int]
    ) -> None:
        """Keep what changed, and drop what is older than what is kept, in one transaction.

        `discontinuities`: by camera uid, the discontinuity sequence number of its last session.
        """
        async with self._database.write() as connection:
            await self._put(connection, changes, gaps, discontinuities)

    async def write_own(
        self,
        own: OwnShards,
        changes: Sequence[StateChange],
        gaps: Sequence[Gap],
        discontinuities: Mapping[str, int],
    ) -> None:
        """The same without what is of cameras that are another worker's: that one tells what they do.

        Raises UnavailableError, with nothing written, also where they become so meanwhile.
        """
        async with self._database.write() as connection:
            shards = await own.shards(connection)
            changes = [change for change in changes if shard_of(change.uid) in shards]
            gaps = [gap for gap in gaps if shard_of(gap.uid) in shards]
            discontinuities = {uid: n for uid, n in discontinuities.items() if shard_of(uid) in shards}
            await self._put(connection, changes, gaps, discontinuities)
            uids = {*(change.uid for change in changes), *(gap.uid for gap in gaps), *discontinuities}
            await own.check(connection, {shard_of(uid) for uid in uids})

    async def _put(
        self,
        connection: AsyncConnection,
        changes: Sequence[StateChange],
        gaps: Sequence[Gap],
        discontinuities: Mapping[str, int],
    ) -> None:
        if changes:
            insert = conflict_insert(self._database.engine, _changes).on_conflict_do_nothing()
            number = await _next_numbers(connection, len(changes))
            rows = [{**_row(change), "number": number + at} for at, change in enumerate(changes)]
            await connection.execute(insert, rows)
            await connection.execute(_drop_old_changes(), _uids(changes))
        if gaps:
            upsert = conflict_insert(self._database.engine, _gaps)
            upsert = upsert.on_conflict_do_update(
                index_elements=[_gaps.c.camera_uid, _gaps.c.start_ms],
                set_={
                    "end_ms": upsert.excluded.end_ms,
                    "cause": upsert.excluded.cause,
                    "reported": False,
                },
            )
            await connection.execute(upsert, [{**_row(gap), "reported": False} for gap in gaps])
            await connection.execute(_drop_old_gaps(), _uids(gaps))
        if discontinuities:
            count = conflict_insert(self._database.engine, _discontinuities)
            count = count.on_conflict_do_update(
                index_elements=[_discontinuities.c.camera_uid],
                set_={"sequence": count.excluded.sequence},
            )
            rows = [{"camera_uid": uid, "sequence": n} for uid, n in sorted(discontinuities.items())]
            await connection.execute(count, rows)

    async def changes(self, uid: str) -> list[StateChange]:
        """Newest first."""
        query = sa.select(_changes).where(_changes.c.camera_uid == uid).order_by(_changes.c.time_ms.desc())
        async with self._database.read() as connection:
            return [_change(row) for row in await connection.execute(query.limit(CHANGES_KEPT))]

    async def states(self) -> tuple[list[StateChange], int]:
        """The newest change of each camera, and the number of the newest of all."""
        newest = sa.select(_changes.c.camera_uid, sa.func.max(_changes.c.time_ms).label("time_ms"))
        newest_of = newest.group_by(_changes.c.camera_uid).subquery()
        query = sa.select(_changes).join(
            newest_of,
            sa.and_(
                _changes.c.camera_uid == newest_of.c.camera_uid, _changes.c.time_ms == newest_of.c.time_ms
            ),
        )
        async with self._database.read() as connection:
            number = (await connection.execute(sa.select(_state_head.c.number))).scalar_one()
            return [_change(row) for row in await connection.execute(query)], int(number)

    async def changes_after(self, number: int, limit: int) -> list[tuple[int, StateChange]]:
        """The first `limit` changes after `number`, of whichever worker, each with its own number."""
        query = sa.select(_changes).where(_changes.c.number > number).order_by(_changes.c.number).limit(limit)
        async with self._database.ask() as connection:
            return [(row.number, _change(row)) for row in await connection.execute(query)]

    async def gaps(self, uid: str) -> list[Gap]:
        """Newest first, without those that turned out to be too short for one after they had been written."""
        long = sa.or_(_gaps.c.end_ms.is_(None), _gaps.c.end_ms - _gaps.c.start_ms > GAP_MIN_MS)
        query = sa.select(_gaps).where(_gaps.c.camera_uid == uid, long).order_by(_gaps.c.start_ms.desc())
        async with self._database.read() as connection:
            return [_gap(row) for row in await connection.execute(query.limit(GAPS_KEPT))]

    async def open_gaps(self) -> list[Gap]:
        """Those that go on, oldest first."""
        async with self._database.read() as connection:
            return [_gap(row) for row in await connection.execute(_OPEN_GAPS)]

    async def open_gaps_of(self, uids: Sequence[str]) -> list[Gap]:
        """Those that go on, of these cameras, of each the oldest first."""
        found: list[Gap] = []
        for some in uid_parts(uids):
            query = _OPEN_GAPS.where(_gaps.c.camera_uid.in_(some))
            async with self._database.ask() as connection:
                found += [_gap(row) for row in await connection.execute(query)]
        return found

    async def unreported_gaps(self, limit: int) -> list[Gap]:
        """Gaps that storage has not been told in their present form, oldest first."""
        query = sa.select(_gaps).where(~_gaps.c.reported).order_by(_gaps.c.start_ms).limit(limit)
        async with self._database.read() as connection:
            return [_gap(row) for row in await connection.execute(query)]

    async def mark_reported(self, gaps: Sequence[Gap]) -> None:
        """Storage knows them. One that changed since it was read stays unreported."""
        async with self._database.write() as connection:
            for gap in gaps:
                await connection.execute(
                    _gaps.update()
                    .where(
                        _gaps.c.camera_uid == gap.uid,
                        _gaps.c.start_ms == gap.start_ms,
                        _gaps.c.end_ms.is_not_distinct_from(gap.end_ms),
                        _gaps.c.cause == gap.cause,
                    )
                    .values(reported=True)
                )

    async def discontinuities(self) -> dict[str, int]:
        """By camera uid, the discontinuity sequence number of its last session that was written."""
        async with self._database.read() as connection:
            return {
                row.camera_uid: row.sequence for row in await connection.execute(_discontinuities.select())
            }

    async def discontinuities_of(self, uids: Sequence[str]) -> dict[str, int]:
        """As `discontinuities`, of these cameras."""
        found: dict[str, int] = {}
        for some in uid_parts(uids):
            query = _discontinuities.select().where(_discontinuities.c.camera_uid.in_(some))
            async with self._database.ask() as connection:
                found |= {row.camera_uid: row.sequence for row in await connection.execute(query)}
        return found

    async def forget_deleted(self) -> None:
        """Drop what is kept of cameras that are no longer registered and of which all is reported."""
        registered = sa.select(cameras.c.uid)
        async with self._database.write() as connection:
            for table in (_changes, _discontinuities):
                await connection.execute(table.delete().where(table.c.camera_uid.not_in(registered)))
            await connection.execute(
                _gaps.delete().where(
                    _gaps.c.camera_uid.not_in(registered), _gaps.c.reported, _gaps.c.end_ms.is_not(None)
                )
            )


async def _next_numbers(connection: AsyncConnection, count: int) -> int:
    """The first of `count` numbers. The head stays locked until the transaction ends, so that changes become
    visible in the order of their numbers."""
    raised = _state_head.update().values(number=_state_head.c.number + count).returning(_state_head.c.number)
    return int((await connection.execute(raised)).scalar_one()) - count + 1


def _change(row: sa.Row[Any]) -> StateChange:
    return StateChange(row.camera_uid, row.time_ms, row.state, row.reason)


def _row(value: StateChange | Gap) -> dict[str, Any]:
    row = asdict(value)
    row["camera_uid"] = row.pop("uid")
    return row


def _uids(values: Sequence[StateChange] | Sequence[Gap]) -> list[dict[str, str]]:
    return [{"of": uid} for uid in dict.fromkeys(value.uid for value in values)]


def _gap(row: sa.Row[Any]) -> Gap:
    return Gap(row.camera_uid, row.start_ms, row.end_ms, row.cause)


def _drop_old_changes() -> sa.Delete:
    return _changes.delete().where(
        _changes.c.camera_uid == sa.bindparam("of"),
        _changes.c.time_ms < _newest(_changes.c.time_ms, CHANGES_KEPT),
    )


def _drop_old_gaps() -> sa.Delete:
    return _gaps.delete().where(
        _gaps.c.camera_uid == sa.bindparam("of"),
        _gaps.c.reported,
        _gaps.c.end_ms.is_not(None),
        _gaps.c.start_ms < _newest(_gaps.c.start_ms, GAPS_KEPT),
    )


def _newest(time: sa.Column[int], kept: int) -> sa.ScalarSelect[int]:
    """The oldest time that is kept of the camera; NULL while there are fewer."""
    other = time.table.alias()
    return (
        sa.select(other.c[time.name])
        .where(other.c.camera_uid == sa.bindparam("of"))
        .order_by(other.c[time.name].desc())
        .limit(1)
        .offset(kept - 1)
        .scalar_subquery()
    )
