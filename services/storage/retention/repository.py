"""The sweeper's steps in the database: live -> buried -> doomed -> gone. Each is a transaction of its own."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.holds.active import is_held
from services.storage.index.repository import KEY_COLUMNS
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
_IS_ROW = sa.and_(*(column == sa.bindparam(f"its_{column.name}") for column in KEY_COLUMNS))


class RetentionRepository:
    """What the sweeper asks of the index, and tells it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def bury(self, camera_uids: Collection[str], now_ms: int, limit: int) -> int:
        """Put a tombstone on up to `limit` expired segments: nobody is told of them from now on.

        Returns how many.
        """
        query = (
            sa.select(*KEY_COLUMNS)
            .join_from(cameras, segments, segments.c.camera_uid == cameras.c.uid)
            .where(
                cameras.c.uid.in_(camera_uids),
                ended_by(kept_until(now_ms)),
                segments.c.tombstone_ms.is_(None),
                ~is_held(now_ms),
            )
            .limit(limit)
        )
        async with self._database.write() as connection:
            await lock_deletion(connection)
            keys = [tuple(row) for row in await connection.execute(query)]
            await bury_rows(connection, keys, now_ms)
        return len(keys)

    async def doom(
        self, store: str, *, now_ms: int, buried_by_ms: int, drop: bool, limit: int
    ) -> list[Doomed]:
        """Claim up to `limit` segments of `store` that were buried by then: nothing brings them back.

        Only what is still expired is, or with `drop` what may be dropped, and what no hold keeps.
        """
        may_go = ended_by(kept_until(now_ms))
        if drop:
            may_go = sa.or_(may_go, ended_by(droppable_until(now_ms)))
        query = (
            sa.select(*_DOOMED_COLUMNS)
            .join_from(segments, cameras, segments.c.camera_uid == cameras.c.uid)
            .where(
                segments.c.store == store,
                ~segments.c.doomed,
                segments.c.tombstone_ms <= buried_by_ms,
                may_go,
                ~is_held(now_ms),
            )
            .order_by(segments.c.tombstone_ms)
            .limit(limit)
        )
        async with self._database.write() as connection:
            await lock_deletion(connection)
            doomed = _doomed(await connection.execute(query))
            if doomed:
                await connection.execute(
                    sa.update(segments).where(_IS_ROW).values(doomed=True), _parameters(doomed)
                )
        return doomed

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
        if gone:
            async with self._database.write() as connection:
                await connection.execute(sa.delete(segments).where(_IS_ROW), _parameters(gone))

    async def raise_undropped(self, stores: Collection[str], now_ms: int) -> None:
        """Take the tombstones off what was to be dropped in `stores`, which have room again."""
        unexpired = sa.exists().where(cameras.c.uid == segments.c.camera_uid, ~ended_by(kept_until(now_ms)))
        async with self._database.write() as connection:
            await lock_deletion(connection)
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


async def bury_rows(
    connection: AsyncConnection, keys: Sequence[tuple[object, ...]], tombstone_ms: int
) -> None:
    """Put tombstones on live rows, `keys` in the order of KEY_COLUMNS, in the caller's transaction."""
    if keys:
        await connection.execute(
            sa.update(segments)
            .where(_IS_ROW, segments.c.tombstone_ms.is_(None))
            .values(tombstone_ms=tombstone_ms),
            [_named(key) for key in sorted(keys)],  # one order for all writers: they never wait in a circle
        )


def key_of(key: ObjectKey) -> tuple[str, int, int, int, int, str]:
    """The key in the order of KEY_COLUMNS."""
    return (key.uid, key.start_ms, key.duration_ms, key.epoch, key.sequence, key.init8)


def _doomed(rows: Iterable[Any]) -> list[Doomed]:
    return [Doomed(row[0], ObjectKey(*row[1:7]), row[7]) for row in rows]


def _parameters(doomed: Sequence[Doomed]) -> list[dict[str, object]]:
    return [_named(key) for key in sorted(key_of(each.key) for each in doomed)]


def _named(key: Sequence[object]) -> dict[str, object]:
    return {f"its_{column.name}": value for column, value in zip(KEY_COLUMNS, key, strict=True)}
