"""Retention: tombstone, grace, object, index row, in this order, so that any step may fail or be repeated."""

import asyncio

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from services.storage.cameras.repository import CameraRepository
from services.storage.config import StorageSettings
from services.storage.retention.deletion import Footage
from services.storage.retention.repository import RetentionRepository
from services.storage.segment import Segment
from snowlight.clock import Clock
from snowlight.errors import SnowlightError

CAMERAS_AT_ONCE = 200
_DAY_MS = 86_400_000

log = structlog.get_logger(__name__)


class SweepMetrics:
    """What sweeps did."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.buried = Counter(
            "snowlight_storage_segments_buried", "Expired segments given a tombstone.", registry=registry
        )
        self.deleted = Counter(
            "snowlight_storage_segments_deleted",
            "Segments whose object and row were deleted.",
            registry=registry,
        )
        self.deleted_bytes = Counter(
            "snowlight_storage_deleted_bytes", "Bytes of objects deleted.", registry=registry
        )
        self.failures = Counter(
            "snowlight_storage_sweep_failures", "Sweeps cut short by an error.", registry=registry
        )
        self.kept = Gauge(
            "snowlight_storage_undeletable_segments",
            "Segments whose object the last sweep could not delete.",
            registry=registry,
        )
        self.finished = Gauge(
            "snowlight_storage_last_sweep_seconds", "End of the last whole sweep, UTC.", registry=registry
        )


class Sweeper:
    """Deletes footage whose retention is over. Several may run at once; they only repeat each other."""

    def __init__(
        self,
        retention: RetentionRepository,
        cameras: CameraRepository,
        footage: Footage,
        settings: StorageSettings,
        clock: Clock,
        metrics: SweepMetrics,
    ) -> None:
        self._retention = retention
        self._cameras = cameras
        self._footage = footage
        self._settings = settings
        self._clock = clock
        self._metrics = metrics

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
        """One pass over all cameras. Raises UnavailableError when the database or a store is away."""
        kept = 0
        after = ""
        while uids := await self._cameras.list_uids(after, CAMERAS_AT_ONCE):
            await self._bury(uids)
            kept += await self._delete(uids)
            before_ms = self._clock.now_ms() - self._settings.ledger_days * _DAY_MS
            await self._retention.forget_gaps(uids, before_ms)
            after = uids[-1]
        self._metrics.kept.set(kept)
        self._metrics.finished.set(self._clock.now_ms() / 1000)

    async def _bury(self, uids: list[str]) -> None:
        limit = self._settings.sweep_batch
        while True:
            count = await self._retention.bury(uids, self._clock.now_ms(), limit)
            self._metrics.buried.inc(count)
            if count < limit:
                return
            await asyncio.sleep(self._settings.sweep_pause_seconds)

    async def _delete(self, uids: list[str]) -> int:
        """Delete what has lain buried for the grace. Returns how many objects could not be deleted."""
        limit = self._settings.sweep_batch
        kept = 0
        last: Segment | None = None
        while True:
            now_ms = self._clock.now_ms()
            before_ms = now_ms - int(self._settings.grace_seconds * 1000)
            batch = await self._retention.list_buried(uids, now_ms, before_ms, last, limit)
            if batch:
                gone = await self._footage.delete(batch)
                await self._retention.forget_segments(gone)
                self._metrics.deleted.inc(len(gone))
                self._metrics.deleted_bytes.inc(sum(segment.size for segment in gone))
                kept += len(batch) - len(gone)
                last = batch[-1]
            if len(batch) < limit:
                return kept
            await asyncio.sleep(self._settings.sweep_pause_seconds)
