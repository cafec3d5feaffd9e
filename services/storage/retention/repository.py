"""The sweeper's steps in the database: live -> buried -> doomed -> gone. Each is a transaction of its own."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from services.storage.holds.active import is_held
from services.storage.index.repository import KEY_COLUMNS
from services.storage.retention.deleted import note_deleted
from services.storage.retention.expiry import droppable_until, ended_by, kept_until
from services.storage.retention.lock import lock_deletion
from services.storage.tables import cameras, gaps, segments
from snowlight.database import Database
from snowlight.media.fragment import ObjectKey


@dataclass(frozen=True, slots=True)
class Doomed:
    """An object that is being deleted. `tombstone_ms` and `key` say where its row is."""

    tombstone_ms: int
    key: ObjectKey
    size: int


_DOOMED_COLUMNS = (segments.c.tombstone_ms, *KEY_COLUMNS, segments.c.size)

# A row at a time on SQLite, all of them in one call on PostgreSQL: what either driver does fastest.
_FORGET = """
    DELETE FROM segments
    WHERE camera_uid = ? AND start_ms = ? AND duration_ms = ? AND epoch = ? AND sequence = ? AND init8 = ?
"""
_FORGET_POSTGRES = """
    DELETE FROM segments
    USING unnest($1::text[], $2::bigint[], $3::integer[], $4::bigint[], $5::bigint[], $6::text[])
        AS gone(camera_uid, start_ms, duration_ms, epoch, sequence, init8)
    WHERE segments.camera_uid = gone.camera_uid AND segments.start_ms = gone.start_ms
        AND segments.duration_ms = gone.duration_ms AND segments.epoch = gone.epoch
        AND segments.sequence = gone.sequence AND segments.init8 = gone.init8
"""


class RetentionRepository:
    """What the sweeper asks of the index, and tells it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count_expired(self, camera_uids: Collection[str], now_ms: int) -> dict[str, int]:
        """How many live segments of these cameras are expired and not held, where there are any."""
        query = (
            sa.select(cameras.c.uid, sa.func.count())
            .join_from(cameras, segments, segments.c.camera_uid == cameras.c.uid)
            .where(cameras.c.uid.in_(camera_uids), *_expired(now_ms))
            .group_by(cameras.c.uid)
            .order_by(cameras.c.uid)
        )
        async with self._database.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}

    async def bury(self, camera_uids: Collection[str], now_ms: int) -> int:
        """Put tombstones on the expired segments of these cameras: nobody is told of them from now on.

        Returns how many.
        """
        burying = (
            sa.update(segments)
            .where(segments.c.camera_uid == cameras.c.uid, cameras.c.uid.in_(camera_uids), *_expired(now_ms))
            .values(tombstone_ms=now_ms)
        )
        async with self._database.write() as connection:
            await lock_deletion(connection, now_ms)
            return (await connection.execute(burying)).rowcount

    async def doom(
        self, store: str, *, now_ms: int, buried_from_ms: int, buried_by_ms: int, drop: bool, limit: int
    ) -> list[Doomed]:
        """Claim up to `limit` segments of `store` that were buried by then: nothing brings them back.

        Only what is still expired is, or with `drop` what may be dropped, and what no hold keeps. The longest
        buried come first, without those buried before `buried_from_ms`: what was claimed a moment ago is
        in the way.
        """
        may_go = ended_by(kept_until(now_ms))
        if drop:
            may_go = sa.or_(may_go, ended_by(droppable_until(now_ms)))
        query = (
            sa.select(*KEY_COLUMNS)
            .join_from(segments, cameras, segments.c.camera_uid == cameras.c.uid)
            .where(
                segments.c.store == store,
                ~segments.c.doomed,
                segments.c.tombstone_ms.between(buried_from_ms, buried_by_ms),
                may_go,
                ~is_held(now_ms),
            )
            .order_by(segments.c.tombstone_ms)
            .limit(limit)
        )
        async with self._database.write() as connection:
            await lock_deletion(connection, now_ms)
            chosen = query.subquery()
            is_chosen = (column == chosen.c[column.name] for column in KEY_COLUMNS)
            if self._database.is_postgres:
                # The index has the order. A planner that takes the buried for few, as it does until somebody
                # has counted the many that one sweep buries, would sort all of them for each claim.
                await connection.execute(sa.text("SET LOCAL enable_sort = off"))
            dooming = sa.update(segments).where(*is_chosen).values(doomed=True)
            doomed = _doomed(await connection.execute(dooming.returning(*_DOOMED_COLUMNS)))
            await note_deleted(connection, _ends(doomed))
            return doomed

    async def doom_where(
        self, chosen: sa.ColumnElement[bool], now_ms: int, limit: int
    ) -> list[tuple[str, Doomed]]:
        """Claim up to `limit` segments, each with its store, whatever their retention, but for held ones.

        It says nothing of what is older, as a claim of what has expired does.
        """
        columns = [segments.c[column.name].label(column.name) for column in KEY_COLUMNS]
        query = (
            sa.select(*columns).where(chosen, ~segments.c.doomed, ~is_held(now_ms)).limit(limit).subquery()
        )
        async with self._database.write() as connection:
            await lock_deletion(connection, now_ms)
            dooming = (
                sa.update(segments)
                .where(*(column == query.c[column.name] for column in KEY_COLUMNS))
                .values(doomed=True, tombstone_ms=sa.func.coalesce(segments.c.tombstone_ms, now_ms))
                .returning(segments.c.store, *_DOOMED_COLUMNS)
            )
            rows = list(await connection.execute(dooming))
            doomed = _doomed([row[1:] for row in rows])
        return [(row[0], each) for row, each in zip(rows, doomed, strict=True)]

    async def list_doomed(self, store: str, after: Doomed | None, limit: int) -> list[Doomed]:
        """What is doomed in `store` and not gone: a sweep was interrupted, or could not delete it."""
        place = (segments.c.tombstone_ms, *KEY_COLUMNS)
        query = sa.select(*_DOOMED_COLUMNS).where(
            segments.c.store == store, segments.c.doomed, segments.c.tombstone_ms.is_not(None)
        )
        if after is not None:
            query = query.where(sa.tuple_(*place) > (after.tombstone_ms, *key_of(after.key)))
        async with self._database.read() as connection:
            return _doomed(await connection.execute(query.order_by(*place).limit(limit)))

    async def forget(self, gone: Sequence[Doomed]) -> None:
        """Delete the rows of objects that are gone."""
        keys = sorted(key_of(each.key) for each in gone)
        if not keys:
            return
        async with self._database.write() as connection:
            if self._database.is_postgres:
                await connection.exec_driver_sql(_FORGET_POSTGRES, tuple(map(list, zip(*keys, strict=True))))
            else:
                await connection.exec_driver_sql(_FORGET, keys)

    async def raise_undropped(self, stores: Collection[str], now_ms: int) -> None:
        """Take the tombstones off what was to be dropped in `stores`, which have room again."""
        unexpired = sa.exists().where(cameras.c.uid == segments.c.camera_uid, ~ended_by(kept_until(now_ms)))
        async with self._database.write() as connection:
            await lock_deletion(connection, now_ms)
            await connection.execute(
                sa.update(segments)
                .where(
                    segments.c.store.in_(stores),
                    ~segments.c.doomed,
                    segments.c.tombstone_ms.is_not(None),
                    unexpired,
                )
                .values(tombstone_ms=None)
            )

    async def forget_gaps(self, camera_uids: Collection[str], before_ms: int) -> None:
        """Delete ledger rows of gaps that ended before `before_ms`."""
        ended = sa.and_(gaps.c.end_ms > 0, gaps.c.end_ms < before_ms)
        async with self._database.write() as connection:
            await connection.execute(sa.delete(gaps).where(gaps.c.camera_uid.in_(camera_uids), ended))


def _expired(now_ms: int) -> tuple[sa.ColumnElement[bool], ...]:
    """Of rows of `cameras` and `segments`: the segment is to be buried."""
    return (ended_by(kept_until(now_ms)), segments.c.tombstone_ms.is_(None), ~is_held(now_ms))


def key_of(key: ObjectKey) -> tuple[str, int, int, int, int, str]:
    """The key in the order of KEY_COLUMNS."""
    return (key.uid, key.start_ms, key.duration_ms, key.epoch, key.sequence, key.init8)


def _ends(doomed: Iterable[Doomed]) -> dict[str, int]:
    """Where the last of each camera ends, by its uid."""
    ends: dict[str, int] = {}
    for each in doomed:
        ends[each.key.uid] = max(ends.get(each.key.uid, 0), each.key.end_ms)
    return ends


def _doomed(rows: Iterable[Any]) -> list[Doomed]:
    return [Doomed(row[0], ObjectKey(*row[1:7]), row[7]) for row in rows]
