"""Day partitions of `segments` on PostgreSQL: made ahead, and dropped once they are empty.

Commits and reads go on meanwhile: each change waits for its locks a moment only, and is tried again later
when it does not get them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.segment import DAY_MS
from services.storage.tables import cameras
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import UnavailableError

DAYS_BACK = 3
DAYS_AHEAD = 3
KEEP_SECONDS = 600.0
ATTEMPT_SECONDS = 0.1
MAX_MOVED = 10_000
"""Rows left of an old day that are moved into the default partition, so that the day's own may go."""
MAX_RETENTIONS = 8
"""Of how many different retentions, the commonest, the days that expire have partitions."""
_DEFAULT = "segments_default"
_OVERTAKEN = ("55P03", "42P01")
"""Lock not available; undefined table: another process has just dropped it."""

log = structlog.get_logger(__name__)


Change = Callable[[AsyncConnection, int], Awaitable[str]]
"""Returns what was done, empty when nothing was."""


class PartitionKeeper:
    """Keeps the partitions of a database that has them. SQLite has none."""

    def __init__(
        self, database: Database, clock: Clock, *, lock_timeout_ms: int = 2000, attempts: int = 10
    ) -> None:
        """Others may queue for `lock_timeout_ms` behind a change that itself waits."""
        self._database = database
        self._clock = clock
        self._lock_timeout_ms = lock_timeout_ms
        self._attempts = attempts

    async def run(self) -> None:
        """Keep again and again until cancelled. An outage ends one round."""
        while True:
            try:
                await self.keep()
            except UnavailableError as error:
                log.warning("partitions.failed", error=str(error))
            await asyncio.sleep(KEEP_SECONDS)

    async def keep(self) -> None:
        """Make what is wanted and drop what is not. Raises UnavailableError when the database is away."""
        if not self._database.is_postgres:
            return
        async with self._database.read() as connection:
            there = await _list(connection)
            kept_days = list(await connection.scalars(_commonest_retentions()))
        wanted = wanted_days(self._clock.now_ms() // DAY_MS, kept_days)
        for day in sorted(wanted - there):
            await self._change(_make, day)
        for day in sorted(there - wanted):
            await self._change(_drop, day)

    async def _change(self, change: Change, day: int) -> None:
        for _ in range(self._attempts):
            try:
                async with self._database.write() as connection:
                    await _run(connection, f"SET LOCAL lock_timeout = {self._lock_timeout_ms}")
                    done = await change(connection, day)
            except sa.exc.DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _OVERTAKEN:
                    raise
                await asyncio.sleep(ATTEMPT_SECONDS)
            else:
                if done:
                    log.info(done, partition=partition_name(day))
                return
        log.info("partition.busy", partition=partition_name(day))


def wanted_days(today: int, kept_days: Collection[int]) -> set[int]:
    """Days that are to have partitions: those around today, and those that expire.

    Of packed days what expires becomes rows again, which so come and go apart from all others.
    """
    expiring = {today - kept + near for kept in kept_days if kept > 0 for near in (-1, 0, 1)}
    return set(range(today - DAYS_BACK, today + DAYS_AHEAD + 1)) | {day for day in expiring if day >= 0}


def partition_name(day: int) -> str:
    """The table of a day (days since 1970 UTC)."""
    return datetime.fromtimestamp(day * DAY_MS / 1000, UTC).strftime("segments_%Y%m%d")


def _commonest_retentions() -> sa.Select[Any]:
    days = cameras.c.kept_days
    return sa.select(days).group_by(days).order_by(sa.func.count().desc()).limit(MAX_RETENTIONS)


async def _list(connection: AsyncConnection) -> set[int]:
    """Days that have partitions."""
    names = await connection.scalars(
        sa.text("SELECT relid::text FROM pg_partition_tree('segments') WHERE isleaf")
    )
    return {_day_of(name) for name in names if name != _DEFAULT}


def _day_of(name: str) -> int:
    date = datetime.strptime(name, "segments_%Y%m%d").replace(tzinfo=UTC)
    return (date - datetime.fromtimestamp(0, UTC)) // timedelta(days=1)


async def _make(connection: AsyncConnection, day: int) -> str:
    """A table of the day's own, with the rows that lay in the default partition."""
    name, begin_ms, end_ms = partition_name(day), day * DAY_MS, (day + 1) * DAY_MS
    # Nobody is on the way to the default partition when its rows move, to find or to add some.
    await _run(connection, "LOCK TABLE ONLY segments IN ACCESS EXCLUSIVE MODE")
    if day in await _list(connection):
        return ""
    await _run(connection, f"CREATE TABLE {name} (LIKE segments INCLUDING ALL)")
    await _run(
        connection,
        f"WITH moved AS (DELETE FROM {_DEFAULT} WHERE start_ms >= {begin_ms} AND start_ms < {end_ms} "  # noqa: S608
        f"RETURNING *) INSERT INTO {name} SELECT * FROM moved",
    )
    await _run(
        connection,
        f"ALTER TABLE segments ATTACH PARTITION {name} FOR VALUES FROM ({begin_ms}) TO ({end_ms})",
    )
    return "partition.made"


async def _drop(connection: AsyncConnection, day: int) -> str:
    """Away with the day's table, if but few rows are left of it: these go into the default partition."""
    name = partition_name(day)
    if not await _may_go(connection, day):
        return ""
    # Nor is anybody amid an answer as of a moment before the move: each holds packed_days (`begin_answer`).
    # Both locks are had at once or not at all, as others take them in either order.
    await _run(connection, "LOCK TABLE ONLY packed_days, ONLY segments IN ACCESS EXCLUSIVE MODE NOWAIT")
    if not await _may_go(connection, day):
        return ""
    await _run(connection, f"ALTER TABLE segments DETACH PARTITION {name}")
    await _run(connection, f"INSERT INTO segments SELECT * FROM {name}")  # noqa: S608
    await _run(connection, f"DROP TABLE {name}")
    return "partition.dropped"


async def _may_go(connection: AsyncConnection, day: int) -> bool:
    if day not in await _list(connection):
        return False
    query = f"SELECT count(*) FROM (SELECT 1 FROM {partition_name(day)} LIMIT {MAX_MOVED + 1}) AS first_ones"  # noqa: S608
    return (await connection.scalar(sa.text(query)) or 0) <= MAX_MOVED


async def _run(connection: AsyncConnection, statement: str) -> None:
    """DDL takes no parameters: what is in these statements are names and numbers of this file's making."""
    await connection.execute(sa.text(statement))
