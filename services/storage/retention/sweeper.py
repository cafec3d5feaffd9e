"""Retention: tombstone, grace, object, index row, in this order, so that any step may fail or be repeated."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

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

CheckStore = Callable[[str], Awaitable[None]]
"""Raises SnowlightError when a store does not answer, or is not the one that it was."""

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
        check: CheckStore,
    ) -> None:
        """`check`: nothing is touched of a store that does not pass."""
        self._retention = retention
        self._cameras = cameras
        self._quota = quota
        self._stores = stores
        self._store_sweeper = store_sweeper
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._reached = reached
        self._check = check
        self._sweeping: set[str] = set()
        self._swept: dict[str, Swept] = {}
        self._finished_ms: dict[str, int] = {}
        self._dropped = set(stores)
        """Stores that may hold footage buried early."""

    async def run(self) -> None:
        """Sweep again and again until cancelled. An outage ends one sweep; the next one goes on."""
        self._dropped = set(self._stores)  # whoever swept until now may have buried some early
        try:
            await self._sweep_on()
        finally:
            self._swept.clear()
            self._metrics.forget()
            self._quota.forget()

    async def _sweep_on(self) -> None:
        async with asyncio.TaskGroup() as sweeps:
            while True:
                try:
                    await self._begin(sweeps)
                except SnowlightError as error:
                    self._metrics.failures.inc()
                    log.warning("sweep.failed", error=str(error))
                await asyncio.sleep(self._settings.sweep_seconds)

    async def sweep(self) -> None:
        """One pass over all cameras and stores. A store that is away stops only its own.

        Raises UnavailableError when the database is away.
        """
        async with asyncio.TaskGroup() as sweeps:
            await self._begin(sweeps)

    async def _begin(self, sweeps: asyncio.TaskGroup) -> None:
        """Bury what has expired, and begin to sweep each store that is not being swept still.

        One that is slow, or has much to delete after a week away, holds up no other.
        """
        usages = await self._quota.assess()
        await self._raise_undropped(usages)
        await self._bury_expired()
        for store in self._stores:
            if store not in self._sweeping:
                self._sweeping.add(store)
                sweeps.create_task(self._sweep_store(store, usages[store]), name=f"sweep of {store}")

    async def _sweep_store(self, store: str, usage: Usage) -> None:
        try:
            await self._check(store)
            self._swept[store] = await self._store_sweeper.sweep(store, usage)
            self._finished_ms[store] = self._clock.now_ms()
        except* SnowlightError as errors:
            self._metrics.failures.inc()
            log.warning("sweep.store_failed", store=store, error=str(_first(errors)))
        finally:
            self._sweeping.discard(store)
        self._tell()

    def _tell(self) -> None:
        """A sweep is finished as long ago as that of the store which is behind most."""
        self._metrics.unread_days.set(sum(each.unread_days for each in self._swept.values()))
        self._metrics.kept.set(sum(each.kept_objects for each in self._swept.values()))
        if len(self._finished_ms) == len(self._stores):
            self._metrics.finished.set(min(self._finished_ms.values()) / 1000)

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
