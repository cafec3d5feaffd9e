"""Whole months of the audit: their partitions on PostgreSQL, and their end when retention is over.

Nothing else ever removes a record. The database refuses any other deletion, and this one too unless a signed
statement of it is there and the month has been over for half a year.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.audit.chain import DAY_MS
from services.auth.audit.heads import Drop, HeadSigner
from services.auth.changes import record_change
from services.auth.model import ITSELF, Actor
from services.auth.repository import audit_heads, audit_links
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import SnowlightError

INTERVAL_S = 3600.0
MONTHS_AHEAD = 3
LOCK_TIMEOUT_MS = 2000
AT_ONCE = 5000
_PARTITIONED = ("audit_records", "audit_links")
_OVERTAKEN = ("55P03", "42P07", "23505", "23514")
"""Lock not available; another process made it first, or in the same moment; the default partition holds rows
of it already."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month of UTC."""

    year: int
    month: int

    @classmethod
    def of(cls, time_ms: int) -> "Month":
        """The month of an instant."""
        moment = datetime.fromtimestamp(time_ms / 1000, UTC)
        return cls(moment.year, moment.month)

    @property
    def next(self) -> "Month":
        return Month(self.year + 1, 1) if self.month == 12 else Month(self.year, self.month + 1)

    @property
    def start_ms(self) -> int:
        return int(datetime(self.year, self.month, 1, tzinfo=UTC).timestamp()) * 1000

    @property
    def end_ms(self) -> int:
        return self.next.start_ms

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    def partition(self, table: str) -> str:
        """The name of the month's part of `table`."""
        return f"{table}_{self.year:04}{self.month:02}"


class Months:
    """Makes the months to come and drops those that are past `days`."""

    def __init__(self, database: Database, signer: HeadSigner, days: int, clock: Clock) -> None:
        self._database = database
        self._signer = signer
        self._days = days
        self._clock = clock

    async def run(self) -> None:
        """Keep again and again until cancelled. An outage ends one round."""
        while True:
            try:
                await self.keep()
            except SnowlightError as error:
                log.warning("audit.months_failed", error=error.code)
            await asyncio.sleep(INTERVAL_S)

    async def keep(self) -> None:
        """Make what is wanted and drop what is over."""
        await self.make_ahead()
        async with self._database.read() as connection:
            oldest = await audit_links.oldest_ms(connection)
            # A clock that is ahead must not end anything: the database's own has to say so too.
            now_ms = min(self._clock.now_ms(), await audit_heads.now_ms(connection))
        if oldest is not None:
            for month in _over(oldest, now_ms - self._days * DAY_MS):
                await self.drop(month)

    async def make_ahead(self) -> None:
        """Partitions of this month and the next three. SQLite has none."""
        month = Month.of(self._clock.now_ms())
        for _ in range(MONTHS_AHEAD + 1):
            await self.make(month)
            month = month.next

    async def make(self, month: Month) -> None:
        """The month's partitions, unless they are there. Records may come meanwhile."""
        if not self._database.is_postgres:
            return
        for table in _PARTITIONED:
            name = month.partition(table)
            unit = 1 if table == "audit_records" else DAY_MS
            bounds = f"FOR VALUES FROM ({month.start_ms // unit}) TO ({month.end_ms // unit})"
            try:
                async with self._database.write() as connection:
                    if await connection.scalar(sa.select(sa.func.to_regclass(name))) is not None:
                        continue
                    await _run(connection, f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
                    await _run(connection, f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
                    await _run(connection, f"ALTER TABLE {table} ATTACH PARTITION {name} {bounds}")
                    await _run(
                        connection,
                        f"CREATE TRIGGER {name}_whole BEFORE TRUNCATE ON {name} "
                        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
                    )
            except sa.exc.DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _OVERTAKEN:
                    raise
                log.info("audit.month_busy", partition=name)

    async def drop(self, month: Month) -> None:
        """Drop a month's records and links. That is signed, and on record itself; the days' heads stay."""
        now_ms = self._clock.now_ms()
        statement = self._signer.sign_drop(Drop(month.start_ms, month.end_ms, now_ms))
        async with self._database.write() as connection:
            await audit_links.lock(connection)
            if await audit_heads.add_drop(connection, month.start_ms, month.end_ms, statement):
                await record_change(
                    connection,
                    Actor(ITSELF),
                    "audit.drop",
                    f"{month} dropped: over for more than {self._days} days",
                    now_ms,
                    reason="audit.retention_over",
                )
                log.info("audit.month_dropped", month=str(month))
        await self._drop_partitions(month)
        while await self._delete_some(month):  # of the default partition, and on SQLite all of it
            pass

    async def _drop_partitions(self, month: Month) -> None:
        if not self._database.is_postgres:
            return
        for table in _PARTITIONED:
            name = month.partition(table)
            try:
                async with self._database.write() as connection:
                    if await connection.scalar(sa.select(sa.func.to_regclass(name))) is None:
                        continue
                    await _run(connection, f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
                    await _run(connection, f"ALTER TABLE {table} DETACH PARTITION {name}")
                    await _run(connection, f"DROP TABLE {name}")
            except sa.exc.DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _OVERTAKEN:
                    raise
                log.info("audit.month_busy", partition=name)  # the rows are deleted one by one instead

    async def _delete_some(self, month: Month) -> int:
        async with self._database.write() as connection:
            return await audit_heads.delete_dropped(connection, month.start_ms, month.end_ms, AT_ONCE)


def _over(oldest_ms: int, kept_from_ms: int) -> Iterator[Month]:
    """The months that are over before `kept_from_ms`, from the oldest record's on."""
    month = Month.of(oldest_ms)
    while month.end_ms <= kept_from_ms:
        yield month
        month = month.next


async def _run(connection: AsyncConnection, statement: str) -> None:
    """DDL takes no parameters: what is in these statements are names and numbers of this file's making."""
    await connection.execute(sa.text(statement))
