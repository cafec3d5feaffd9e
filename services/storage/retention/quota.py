"""How full each store is, and how soon it is full at today's rate."""

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, Gauge

from services.storage.retention.usage import HOUR_MS, Usage, UsageRepository
from services.storage.segment import DAY_MS
from snowlight.api.storage.v1 import store_pb2
from snowlight.clock import Clock
from snowlight.object_store import StoreDescription

ENOUGH, FILLING, DROPPING, FULL = "ENOUGH", "FILLING", "DROPPING", "FULL"
"""Names of `snowlight.api.storage.v1.Store.Fill`."""
UNKNOWN_DAYS = -1.0
"""Days left of a store that does not grow, is unlimited, or has been watched for less than an hour."""
_REST = 20
"""A count rests this many times as long as it took: however large the index, 5 % of the time at most."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a store may hold: `limit_bytes` (0: no limit), and what the disk of a folder has room for."""

    limit_bytes: int
    folder: Path | None

    def of(self, used_bytes: int) -> int:
        """Bytes, 0 for unlimited, when `used_bytes` are footage of ours."""
        if self.folder is None:
            return self.limit_bytes
        try:
            on_disk = used_bytes + shutil.disk_usage(self.folder).free
        except OSError:
            return self.limit_bytes
        return min(self.limit_bytes or on_disk, on_disk)


def capacities(stores: Mapping[str, StoreDescription], data_dir: Path) -> dict[str, Capacity]:
    """By the settings of the stores."""
    return {
        name: Capacity(store.capacity_bytes, None if store.bucket else store.folder(data_dir))
        for name, store in stores.items()
    }


@dataclass(frozen=True, slots=True)
class StoreFill:
    """How full a store is, as it is told."""

    state: store_pb2.Store.Fill.ValueType
    used_bytes: int
    capacity_bytes: int
    """0: unlimited."""
    days_left: float
    """Negative when it does not grow."""


class QuotaMetrics:
    """What an operator plans disks by."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, what: str) -> Gauge:
            return Gauge(f"snowlight_storage_store_{name}", what, ["store"], registry=registry)

        self.used = gauge("used_bytes", "Footage and index objects by the index.")
        self.capacity = gauge("capacity_bytes", "What the store may hold; 0: unlimited.")
        self.days_left = gauge("days_left", "Until it is full at the last day's rate; -1: it does not grow.")
        self.fill = gauge("fill", "1 enough, 2 filling, 3 dropping what is past its minimum, 4 full.")

    def forget(self) -> None:
        """Another process looks."""
        for gauge in (self.used, self.capacity, self.days_left, self.fill):
            gauge.clear()

    def show(self, usage: Usage) -> None:
        """Set all gauges of the store."""
        self.used.labels(usage.store).set(usage.used_bytes)
        self.capacity.labels(usage.store).set(usage.capacity_bytes)
        self.days_left.labels(usage.store).set(usage.days_left)
        self.fill.labels(usage.store).set(store_pb2.Store.Fill.Value(usage.fill))


class Quota:
    """Watches all stores. What it finds is in the database, so that every process can tell it."""

    def __init__(
        self,
        usage: UsageRepository,
        capacity: Mapping[str, Capacity],
        clock: Clock,
        metrics: QuotaMetrics,
        *,
        high_percent: float,
        warn_days: float,
    ) -> None:
        """Past `high_percent` of its capacity a store drops; below `warn_days` left it is FILLING."""
        self._usage = usage
        self._capacity = capacity
        self._clock = clock
        self._metrics = metrics
        self._high_percent = high_percent
        self._warn_days = warn_days
        self._used: dict[str, int] = {}
        self._count_again_at = 0.0

    async def fill(self, store: str) -> StoreFill:
        """How full `store` was when it was last looked at."""
        usage = await self._usage.newest(store)
        if usage is None:
            capacity = self._capacity[store].limit_bytes
            return StoreFill(store_pb2.Store.FILL_UNSPECIFIED, 0, capacity, UNKNOWN_DAYS)
        state = store_pb2.Store.Fill.Value(usage.fill)
        return StoreFill(state, usage.used_bytes, usage.capacity_bytes, usage.days_left)

    async def assess(self) -> dict[str, Usage]:
        """Look at all stores now. One past its mark stays FULL, if it was, until `settle` says otherwise."""
        await self._count()
        now_ms = self._clock.now_ms()
        day_ago = await self._usage.day_ago(now_ms)
        found: dict[str, Usage] = {}
        for store, capacity in self._capacity.items():
            used = self._used.get(store, 0)
            limit = await asyncio.to_thread(capacity.of, used)
            days_left = _days_left(limit - used, used, day_ago.get(store), now_ms) if limit else UNKNOWN_DAYS
            before = await self._usage.newest(store)
            fill = self._fill_of(used, limit, days_left, before.fill if before else ENOUGH)
            found[store] = Usage(store, now_ms, used, limit, fill, days_left)
            self._tell(found[store], before)
        await self._usage.save(list(found.values()))
        return found

    def over_bytes(self, usage: Usage) -> int:
        """By how much the store is past its high mark."""
        if not usage.capacity_bytes:
            return 0
        return max(0, usage.used_bytes - int(usage.capacity_bytes * self._high_percent / 100))

    async def settle(self, usage: Usage, *, enough: bool) -> Usage:
        """Keep whether `enough` could be dropped of a store that is past its mark."""
        settled = replace(usage, fill=DROPPING if enough else FULL)
        if settled != usage:
            self._tell(settled, usage)
            await self._usage.save([settled])
        return settled

    def forget(self) -> None:
        """Another process assesses from now on."""
        self._metrics.forget()

    def freed(self, store: str, size: int) -> None:
        """So many bytes were deleted since the last count."""
        self._used[store] = max(0, self._used.get(store, 0) - size)

    async def _count(self) -> None:
        started = self._clock.monotonic()
        if started >= self._count_again_at:
            self._used = await self._usage.count()
            ended = self._clock.monotonic()
            self._count_again_at = ended + _REST * (ended - started)

    def _fill_of(self, used: int, capacity: int, days_left: float, before: str) -> str:
        if capacity and used > capacity * self._high_percent / 100:
            return FULL if before == FULL else DROPPING
        return FILLING if 0 <= days_left < self._warn_days else ENOUGH

    def _tell(self, usage: Usage, before: Usage | None) -> None:
        self._metrics.show(usage)
        if usage.fill == (before.fill if before else ENOUGH):
            return
        report = log.info if usage.fill == ENOUGH else log.warning
        report(
            f"store.{usage.fill.lower()}",
            store=usage.store,
            days_left=round(usage.days_left, 1),
            used_bytes=usage.used_bytes,
            capacity_bytes=usage.capacity_bytes,
        )


def _days_left(free: int, used: int, day_ago: tuple[int, int] | None, now_ms: int) -> float:
    if day_ago is None or now_ms - day_ago[0] < HOUR_MS:
        return UNKNOWN_DAYS
    then_ms, used_then = day_ago
    per_day = (used - used_then) * DAY_MS / (now_ms - then_ms)
    return max(0, free) / per_day if per_day > 0 else UNKNOWN_DAYS
