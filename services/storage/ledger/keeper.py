"""Closing days: their integrity is computed once, while all that it follows from is still there."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from services.storage.config import StorageSettings
from services.storage.ledger.account import CameraDays
from services.storage.ledger.day_rows import LocalDay
from services.storage.ledger.days import DAY_MS, SETTLE_MS, IntegrityDays, Subject
from snowlight.clock import Clock
from snowlight.errors import SnowlightError

BATCH = 200
QUIET_MS = 2 * DAY_MS
"""Most late footage has come by then: a day is computed once and not over and over."""
PAUSE_SECONDS = 0.05

log = structlog.get_logger(__name__)


class IntegrityKeeper:
    """Computes every camera's closed days, and forgets them once they are old."""

    def __init__(
        self,
        days: IntegrityDays,
        computed: CameraDays,
        zone: ZoneInfo,
        clock: Clock,
        settings: StorageSettings,
    ) -> None:
        self._days = days
        self._computed = computed
        self._zone = zone
        self._clock = clock
        self._settings = settings

    async def run(self) -> None:
        """Close days again and again until cancelled. An outage ends one round; the next one goes on."""
        while True:
            await asyncio.sleep(self._settings.integrity_seconds)
            try:
                await self._close_days()
            except SnowlightError as error:
                log.warning("integrity.interrupted", error=error.code)

    async def _close_days(self) -> None:
        now_ms = self._clock.now_ms()
        await self._days.forget(now_ms - self._settings.ledger_days * DAY_MS)
        today = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(self._zone).date()
        horizon = min(self._settings.ledger_days, await self._days.longest_kept_days() + 1)
        for back in range(1, horizon + 1):
            day = LocalDay.of(today - timedelta(days=back), self._zone)
            if day.span.end_ms <= now_ms - SETTLE_MS:
                quiet = day.span.end_ms <= now_ms - QUIET_MS
                await self._close(day, now_ms, expiring_only=not quiet)

    async def _close(self, day: LocalDay, now_ms: int, *, expiring_only: bool) -> None:
        after = ""
        while uids := await self._days.unsettled(
            Subject(), day, now_ms, expiring_only=expiring_only, limit=BATCH, after=after
        ):
            await self._computed.settle(uids, day, now_ms)
            after = uids[-1]
            await asyncio.sleep(PAUSE_SECONDS)
