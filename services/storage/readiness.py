"""What must hold before storage is ready, and what it does about it."""

import asyncio

import sqlalchemy as sa
import structlog

from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import UnavailableError
from snowlight.object_store import ObjectStoreSettings, ensure_bucket

CHECK_SECONDS = 5.0
MAX_SKEW_MS = 1_000
BUCKET_RETRY_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Readiness:
    """Asks the database now and then whether it answers, and what time it is there."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.database_answers = True  # it has just been migrated
        self.clock_agrees = True

    async def run(self) -> None:
        """Check until cancelled."""
        while True:
            try:
                await self._check()
            except UnavailableError:
                self.database_answers = False
            else:
                self.database_answers = True
            await asyncio.sleep(CHECK_SECONDS)

    async def _check(self) -> None:
        if self._database.is_postgres:
            query = sa.text("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
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


async def make_bucket(settings: ObjectStoreSettings) -> None:
    """Make the bucket of a fresh store, as soon as the store answers."""
    while True:
        try:
            await ensure_bucket(settings)
        except UnavailableError as error:
            log.warning("store.unavailable", error=str(error))
            await asyncio.sleep(BUCKET_RETRY_SECONDS)
        else:
            return
