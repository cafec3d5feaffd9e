"""How many bytes each store holds, now and over the last two days, in the database."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from services.storage.segment import DAY_MS
from services.storage.tables import packed_days, segments, store_usage
from snowlight.database import Database
from snowlight.on_conflict import conflict_insert

HOUR_MS = 3_600_000
_KEPT_MS = 2 * DAY_MS
_TOLERANCE_MS = HOUR_MS
"""A sample this much older than a day still tells of the last 24 h."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How full a store was at one time. `fill`: the name of a `snowlight.api.storage.v1.Store.Fill`."""

    store: str
    at_ms: int
    used_bytes: int
    capacity_bytes: int
    fill: str
    days_left: float


class UsageRepository:
    """Counts, and keeps one sample an hour."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self) -> dict[str, int]:
        """Bytes by store, by the index: footage, buried footage too, and index objects."""
        rows = sa.select(segments.c.store, sa.func.sum(segments.c.size)).group_by(segments.c.store)
        days = sa.select(
            packed_days.c.store, sa.func.sum(packed_days.c.bytes) + sa.func.sum(packed_days.c.size)
        ).group_by(packed_days.c.store)
        used: dict[str, int] = {}
        async with self._database.read() as connection:
            for query in (rows, days):
                for store, count in await connection.execute(query):
                    used[store] = used.get(store, 0) + int(count)
        return used

    async def count_buried(self, store: str) -> int:
        """Bytes of what is buried or doomed in `store`: they are about to go."""
        query = sa.select(sa.func.coalesce(sa.func.sum(segments.c.size), 0)).where(
            segments.c.store == store, segments.c.tombstone_ms.is_not(None)
        )
        async with self._database.read() as connection:
            return int(await connection.scalar(query) or 0)

    async def day_ago(self, now_ms: int) -> Mapping[str, tuple[int, int]]:
        """By store the oldest sample of the last day: when, and how many bytes."""
        recent = sa.select(store_usage).where(store_usage.c.at_ms >= now_ms - DAY_MS - _TOLERANCE_MS)
        async with self._database.read() as connection:
            rows = await connection.execute(recent.order_by(store_usage.c.at_ms.desc()))
            return {
                row.store: (row.at_ms, row.used_bytes) for row in rows
            }  # the oldest comes last, and stays

    async def save(self, usages: list[Usage]) -> None:
        """Keep samples in place of those of the same hour; forget old ones."""
        if not usages:
            return
        insert = conflict_insert(self._database.engine, store_usage)
        values = [
            {
                "store": usage.store,
                "hour": usage.at_ms // HOUR_MS,
                "at_ms": usage.at_ms,
                "used_bytes": usage.used_bytes,
                "capacity_bytes": usage.capacity_bytes,
                "fill": usage.fill,
                "days_left": usage.days_left,
            }
            for usage in usages
        ]
        oldest_ms = usages[0].at_ms - _KEPT_MS
        async with self._database.write() as connection:
            await connection.execute(
                insert.on_conflict_do_update(
                    index_elements=[store_usage.c.store, store_usage.c.hour],
                    set_={name: insert.excluded[name] for name in values[0] if name not in ("store", "hour")},
                ),
                values,
            )
            await connection.execute(sa.delete(store_usage).where(store_usage.c.at_ms < oldest_ms))

    async def newest(self, store: str) -> Usage | None:
        """The newest sample of `store`."""
        query = (
            sa.select(
                store_usage.c.store,
                store_usage.c.at_ms,
                store_usage.c.used_bytes,
                store_usage.c.capacity_bytes,
                store_usage.c.fill,
                store_usage.c.days_left,
            )
            .where(store_usage.c.store == store)
            .order_by(store_usage.c.hour.desc())
            .limit(1)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return Usage(*row) if row else None
