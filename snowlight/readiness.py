"""What must hold of a service's database before the service is ready."""

import asyncio

import sqlalchemy as sa
import structlog

from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import UnavailableError

CHECK_SECONDS = 5.0
MAX_SKEW_MS = 1_000
DATABASE_NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
"""PostgreSQL's time, ms since 1970 UTC."""

log = structlog.get_logger(__name__)


class Readiness:
    """Asks the database now and then whether it answers, and what time it is there."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.database_answers = True  # it has just been migrated
        self.clock_agrees = True
        self.skew_ms = 0
        """What the database's clock is ahead of ours, ms; 0 while they agree."""

    async def run(self) -> None:
        """Check until cancelled."""
        while True:
            await self.check()
            await asyncio.sleep(CHECK_SECONDS)

    async def check(self) -> None:
        """Ask once. A database that does not answer says nothing of the clock."""
        try:
            await self._compare()
        except UnavailableError:
            self.database_answers = False
        else:
            self.database_answers = True

    async def _compare(self) -> None:
        if self._database.is_postgres:
            query = sa.text(f"SELECT {DATABASE_NOW}")
        else:
            query = sa.text(f"SELECT {self._clock.now_ms()}")
        before_ms = self._clock.now_ms()
        async with self._database.read() as connection:
            there_ms = int(await connection.scalar(query) or 0)
        after_ms = self._clock.now_ms()
        agrees = before_ms - MAX_SKEW_MS <= there_ms <= after_ms + MAX_SKEW_MS
        if self.clock_agrees and not agrees:
            log.warning("clock.skewed", here_ms=after_ms, database_ms=there_ms)
        self.clock_agrees = agrees
        self.skew_ms = 0 if agrees else there_ms - (before_ms + after_ms) // 2
