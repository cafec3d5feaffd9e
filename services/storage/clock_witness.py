"""What speaks against this host's clock, by which duties delete what is over."""

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from snowlight.clock import Clock
from snowlight.readiness import DATABASE_NOW, MAX_SKEW_MS

STEP_MS = 60_000
FOLLOWED_SECONDS = 900.0
"""A step that nobody can judge is followed once it has lasted so long: until then it may be set right."""

log = structlog.get_logger(__name__)


class ClockWitness:
    """Compares the host's clock: with PostgreSQL to the database's, with SQLite to the time that passed since
    the last look, by a clock that does not step."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_ms = self._ahead_ms()
        self._stepped_at: float | None = None

    async def now_ms(self, connection: AsyncConnection) -> int | None:
        """The time by the database, in the caller's transaction; None while the host's clock is not to be
        believed."""
        if connection.dialect.name != "postgresql":
            return self._clock.now_ms() if self._goes_on() else None
        before_ms = self._clock.now_ms()
        there_ms = int(await connection.scalar(sa.text(f"SELECT {DATABASE_NOW}")) or 0)
        agrees = before_ms - MAX_SKEW_MS <= there_ms <= self._clock.now_ms() + MAX_SKEW_MS
        return there_ms if agrees else None

    def _goes_on(self) -> bool:
        step_ms = self._ahead_ms() - self._offset_ms
        if abs(step_ms) > STEP_MS:
            if self._stepped_at is None:
                log.warning("clock.stepped", by_ms=step_ms)
                self._stepped_at = self._clock.monotonic()
            if self._clock.monotonic() - self._stepped_at < FOLLOWED_SECONDS:
                return False
        self._offset_ms += step_ms
        self._stepped_at = None
        return True

    def _ahead_ms(self) -> int:
        return self._clock.now_ms() - round(self._clock.monotonic() * 1000)
