"""Takes the meter to the database, once a minute for all cameras together, and sums up what is old."""

import asyncio
from collections.abc import Callable, Collection, Sequence

import structlog

from services.ingest.online.days import LocalDays
from services.ingest.online.meter import HOUR_MS, OnlineMeter
from services.ingest.online.repository import OnlineRepository
from services.ingest.shards.own import OwnShards
from services.ingest.shards.terms import DUTY_SHARD
from snowlight.clock import Clock
from snowlight.errors import UnavailableError

ROUND_SECONDS = 60.0
ROWS_AT_ONCE = 5_000
HOURS_KEPT_MS = 8 * 24 * HOUR_MS
DAYS_KEPT_MS = 400 * 24 * HOUR_MS

log = structlog.get_logger(__name__)


class OnlineWriter:
    """One for the process."""

    def __init__(
        self,
        meter: OnlineMeter,
        repository: OnlineRepository,
        days: LocalDays,
        clock: Clock,
        shards: Callable[[], Collection[int]],
        own: OwnShards | None = None,
    ) -> None:
        """`shards`: those whose cameras the meter counts now. `own`: those of whose cameras anything is
        written; of all where there is but one worker ever."""
        self._meter = meter
        self._shards = shards
        self._own = own
        self._repository = repository
        self._days = days
        self._clock = clock
        self._lock = asyncio.Lock()

    async def restore(self, shards: Collection[int], uids: Sequence[str] | None = None) -> None:
        """Go on with the cameras of `shards` where whoever had them ended. `uids`: of all these cameras,
        where they are known. Raises UnavailableError."""
        counted_from_ms = self._clock.now_ms() - HOURS_KEPT_MS
        for seen_ms, rows in (await self._repository.newest(shards, uids)).items():
            self._meter.restore(rows, seen_ms, counted_from_ms)

    async def flush(self) -> int:
        """Write what changed, and tell until when: at that instant, and while nobody else is waited for, the
        meter has only what belongs to its hour. Raises UnavailableError; what is unwritten is kept then.
        """
        async with self._lock:
            while True:
                now_ms = self._clock.now_ms()
                rows = self._meter.take(now_ms, ROWS_AT_ONCE)
                if not rows:
                    return now_ms
                await self._repository.write(rows, self._own)
                self._meter.wrote(rows)

    async def round(self) -> None:
        """Write what changed, and note until when. Raises UnavailableError."""
        shards = self._shards()
        await self._repository.mark_seen(shards, await self.flush(), self._own)

    async def tidy(self) -> None:
        """Put hours that are old into days, and drop days that are. Raises UnavailableError."""
        now_ms = self._clock.now_ms()
        oldest_ms = await self._repository.oldest_hour()
        day_ms = self._days.start_of(oldest_ms) if oldest_ms is not None else now_ms
        while (end_ms := self._days.next(day_ms)) <= now_ms - HOURS_KEPT_MS:
            while await self._repository.sum_up(day_ms, end_ms):
                pass
            oldest_ms = await self._repository.oldest_hour()
            day_ms = self._days.start_of(oldest_ms) if oldest_ms is not None else now_ms
        await self._repository.forget_days(now_ms - DAYS_KEPT_MS)

    async def run(self) -> None:
        """A round each minute, and once an hour tidy up, until cancelled."""
        rounds = 0
        while True:
            try:
                await self.round()
                if rounds % 60 == 0 and DUTY_SHARD in self._shards():
                    await self.tidy()
                rounds += 1
            except UnavailableError as error:
                log.warning("online.unwritten", reason=str(error))
            await asyncio.sleep(ROUND_SECONDS)
