"""The sweep of one store: what is packed, what is too much, what is buried, what is doomed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from services.storage.config import StorageSettings
from services.storage.retention.deletion import Footage
from services.storage.retention.dropping import Dropper
from services.storage.retention.metrics import SweepMetrics
from services.storage.retention.pictures import KeptPictures
from services.storage.retention.quota import Quota
from services.storage.retention.repository import Doomed, RetentionRepository
from services.storage.retention.unpacking import Unpacker
from services.storage.retention.usage import Usage, UsageRepository
from snowlight.clock import Clock
from snowlight.steps import Reached


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep had to leave."""

    unread_days: int
    """Packed days whose index object could not be read."""
    kept_objects: int
    """Objects that could not be deleted."""


class StoreSweeper:
    """Deletes what may go of one store after the other."""

    def __init__(
        self,
        retention: RetentionRepository,
        unpacker: Unpacker,
        dropper: Dropper,
        quota: Quota,
        usage: UsageRepository,
        footage: Footage,
        pictures: KeptPictures,
        settings: StorageSettings,
        clock: Clock,
        metrics: SweepMetrics,
        reached: Reached,
    ) -> None:
        self._retention = retention
        self._unpacker = unpacker
        self._dropper = dropper
        self._quota = quota
        self._usage = usage
        self._footage = footage
        self._pictures = pictures
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._reached = reached

    async def sweep(self, store: str, usage: Usage) -> Swept:
        """All steps, in order. Raises UnavailableError, also in a group, when store or database is away."""
        unread = await self._unpacker.unpack_expired(store, int(self._settings.unpack_seconds * 1000))
        dropping = await self._drop(store, usage)
        kept = await self._delete(store, dropping=dropping)
        await self._unpacker.delete_emptied(store)
        await self._pictures.expire(store)
        return Swept(unread, kept)

    async def _drop(self, store: str, usage: Usage) -> bool:
        """Bury early what is too much. Returns whether the store drops."""
        over = self._quota.over_bytes(usage)
        if not over:
            return False
        wanted = over - await self._usage.count_buried(store)
        dropped = await self._dropper.drop(store, wanted) if wanted > 0 else 0
        self._metrics.dropped_bytes.inc(dropped)
        await self._quota.settle(usage, enough=dropped >= wanted)
        return True

    async def _delete(self, store: str, *, dropping: bool) -> int:
        """Delete what is doomed, and doom what has lain buried for the grace. Returns how many stay."""
        kept = await self._finish(store)
        claims = _Claims(self._retention, store, dropping, self._settings, self._clock, self._reached)
        async with asyncio.TaskGroup() as tasks:
            workers = [
                tasks.create_task(self._work(store, claims)) for _ in range(self._settings.sweep_workers)
            ]
        return kept + sum(worker.result() for worker in workers)

    async def _finish(self, store: str) -> int:
        """Delete what an earlier sweep doomed. Returns how many objects could not be deleted."""
        kept = 0
        last: Doomed | None = None
        while doomed := await self._retention.list_doomed(store, last, self._settings.sweep_batch):
            kept += await self._delete_batch(store, doomed)
            last = doomed[-1]
        return kept

    async def _work(self, store: str, claims: "_Claims") -> int:
        kept = 0
        while doomed := await claims.next():
            kept += await self._delete_batch(store, doomed)
            await asyncio.sleep(self._settings.sweep_pause_seconds)
        return kept

    async def _delete_batch(self, store: str, doomed: Sequence[Doomed]) -> int:
        self._reached("sweep.delete_object")
        gone = await self._footage.delete(store, doomed)
        self._reached("sweep.delete_row")
        await self._retention.forget(gone)
        size = sum(each.size for each in gone)
        self._quota.freed(store, size)
        self._metrics.deleted.inc(len(gone))
        self._metrics.deleted_bytes.inc(size)
        return len(doomed) - len(gone)


class _Claims:
    """What workers of one sweep claim of a store, one claim after the other: each finds what no other has."""

    def __init__(
        self,
        retention: RetentionRepository,
        store: str,
        dropping: bool,
        settings: StorageSettings,
        clock: Clock,
        reached: Reached,
    ) -> None:
        self._retention = retention
        self._store = store
        self._dropping = dropping
        self._settings = settings
        self._clock = clock
        self._reached = reached
        self._lock = asyncio.Lock()
        self._claimed_to_ms = 0

    async def next(self) -> Sequence[Doomed]:
        """Empty when nothing is left."""
        async with self._lock:
            now_ms = self._clock.now_ms()
            self._reached("sweep.doom")
            doomed = await self._retention.doom(
                self._store,
                now_ms=now_ms,
                buried_from_ms=self._claimed_to_ms,
                buried_by_ms=now_ms - int(self._settings.grace_seconds * 1000),
                drop=self._dropping,
                limit=self._settings.sweep_batch,
            )
            self._claimed_to_ms = max((each.tombstone_ms for each in doomed), default=self._claimed_to_ms)
            return doomed
