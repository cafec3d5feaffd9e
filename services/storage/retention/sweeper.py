"""Retention: tombstone, grace, object, index row, in this order, so that any step may fail or be repeated."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog

from services.storage.cameras.repository import CameraRepository
from services.storage.config import StorageSettings
from services.storage.retention.metrics import SweepMetrics
from services.storage.retention.quota import DROPPING, FULL, Quota
from services.storage.retention.repository import RetentionRepository
from services.storage.retention.store_sweeper import StoreSweeper, Swept
from services.storage.retention.usage import Usage
from services.storage.segment import DAY_MS
from snowlight.clock import Clock
from snowlight.errors import SnowlightError
from snowlight.steps import Reached

CAMERAS_AT_ONCE = 200

log = structlog.get_logger(__name__)


class Sweeper:
    """Deletes footage whose retention is over, and of full stores what may go earlier.

    One runs at a time. Should two overlap for a moment, they only repeat each other.
    """

    def __init__(
        self,
        retention: RetentionRepository,
        cameras: CameraRepository,
        quota: Quota,
        stores: Sequence[str],
        store_sweeper: StoreSweeper,
        settings: StorageSettings,
        clock: Clock,
        metrics: SweepMetrics,
        reached: Reached,
        is_away: Callable[[str], bool],
    ) -> None:
        """`is_away`: whether a store is known not to answer; nothing of it is touched then."""
        self._retention = retention
        self._cameras = cameras
        self._quota = quota
        self._stores = stores
        self._store_sweeper = store_sweeper
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._reached = reached
        self._is_away = is_away
        self._dropped = set(stores)
        """Stores that may hold footage buried early."""

    async def run(self) -> None:
        """Sweep again and again until cancelled. An outage ends one sweep; the next one goes on."""
        while True:
            try:
                await self.sweep()
            except SnowlightError as error:
                self._metrics.failures.inc()
                log.warning("sweep.failed", error=str(error))
            await asyncio.sleep(self._settings.sweep_seconds)

    async def sweep(self) -> None:
        """One pass over all cameras and stores. A store that is away stops only its own.

        Raises UnavailableError when the database is away.
        """
        usages = await self._quota.assess()
        await self._raise_undropped(usages)
        await self._bury_expired()
        async with asyncio.TaskGroup() as tasks:
            sweeping = [
                tasks.create_task(self._sweep_store(store, usages[store]))
                for store in self._stores
                if not self._is_away(store)
            ]
        swept = [result for task in sweeping if (result := task.result()) is not None]
        self._metrics.unread_days.set(sum(each.unread_days for each in swept))
        self._metrics.kept.set(sum(each.kept_objects for each in swept))
        if len(swept) == len(self._stores):
            self._metrics.finished.set(self._clock.now_ms() / 1000)

    async def _sweep_store(self, store: str, usage: Usage) -> Swept | None:
        """None when the store, or the database, did not answer."""
        swept: Swept | None = None
        try:
            swept = await self._store_sweeper.sweep(store, usage)
        except* SnowlightError as errors:
            self._metrics.failures.inc()
            log.warning("sweep.store_failed", store=store, error=str(_first(errors)))
        return swept

    async def _raise_undropped(self, usages: Mapping[str, Usage]) -> None:
        """What was buried for the sake of room and is not doomed yet stays, once there is room again."""
        dropping = {store for store, usage in usages.items() if usage.fill in (DROPPING, FULL)}
        roomy = self._dropped - dropping
        if roomy:
            await self._retention.raise_undropped(roomy, self._clock.now_ms())
        self._dropped = dropping

    async def _bury_expired(self) -> None:
        """Of rows. What is packed comes later, store by store: its index objects have to be read."""
        after = ""
        while uids := await self._cameras.list_uids(after, CAMERAS_AT_ONCE):
            await self._bury(uids)
            before_ms = self._clock.now_ms() - self._settings.ledger_days * DAY_MS
            await self._retention.forget_gaps(uids, before_ms)
            after = uids[-1]

    async def _bury(self, uids: Sequence[str]) -> None:
        """As many cameras at once as have about `sweep_batch` expired segments.

        Whole cameras, so that none is read twice. One has few rows: what is two days old is packed.
        """
        counts = await self._retention.count_expired(uids, self._clock.now_ms())
        batch: list[str] = []
        size = 0
        for uid, count in counts.items():
            batch.append(uid)
            size += count
            if size >= self._settings.sweep_batch or uid == next(reversed(counts)):
                self._reached("sweep.bury")
                self._metrics.buried.inc(await self._retention.bury(batch, self._clock.now_ms()))
                await asyncio.sleep(self._settings.sweep_pause_seconds)
                batch, size = [], 0


def _first(errors: BaseExceptionGroup[SnowlightError]) -> BaseException:
    first: BaseException = errors
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first
