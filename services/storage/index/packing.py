"""The closer: writes the rows of a camera-day that is over into one index object, later the late ones too."""

import asyncio
from collections.abc import Sequence

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from services.storage.config import StorageSettings
from services.storage.index.day_object import DayKey, decode_day, encode_day
from services.storage.index.day_objects import DayObjects
from services.storage.index.packable import PackableDay, PackableRows
from services.storage.index.packed import PackedDay, read_day, row_of
from services.storage.index.replaced import Replaced
from services.storage.index.repository import key_of
from services.storage.segment import DAY_MS, Segment
from services.storage.stores.health import StoreHealth
from snowlight.clock import Clock
from snowlight.errors import AbortedError, DataLossError, NotFoundError, SnowlightError, UnavailableError
from snowlight.steps import Reached

HOUR_MS = 3_600_000

log = structlog.get_logger(__name__)


class PackMetrics:
    """What the closer did."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.days = Counter(
            "snowlight_storage_days_packed", "Camera-days written into an index object.", registry=registry
        )
        self.segments = Counter(
            "snowlight_storage_segments_packed", "Rows moved into index objects.", registry=registry
        )
        self.failures = Counter(
            "snowlight_storage_pack_failures", "Camera-days that could not be packed.", registry=registry
        )
        self.finished = Gauge(
            "snowlight_storage_last_pack_seconds",
            "End of the closer's last whole pass, UTC.",
            registry=registry,
        )


class Closer:
    """Packs camera-days. What it does is right however often, and wherever it is interrupted: an index object
    counts only once a row of the database says so, in the transaction that takes the day's rows away."""

    def __init__(
        self,
        rows: PackableRows,
        objects: DayObjects,
        health: StoreHealth,
        settings: StorageSettings,
        clock: Clock,
        metrics: PackMetrics,
        reached: Reached,
    ) -> None:
        self._rows = rows
        self._objects = objects
        self._replaced = Replaced(rows, objects)
        self._health = health
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._reached = reached

    async def run(self) -> None:
        """Pass over all cameras again and again until cancelled. An outage ends one pass."""
        while True:
            try:
                await self.close()
            except SnowlightError as error:
                log.warning("pack.failed", error=str(error))
            await asyncio.sleep(self._settings.pack_seconds)

    async def close(self) -> None:
        """One pass: pack all that may be. Raises UnavailableError when the database is away."""
        after = ""
        away: set[str] = set()
        while (uid := await self._rows.next_camera(after, self._before_ms())) is not None:
            for day in await self._rows.list_days(uid, self._before_ms(), self._clock.now_ms()):
                if day.store not in away and not self._health.is_away(day.store):
                    await self._pack_if_possible(day, away)
                    await asyncio.sleep(self._settings.pack_pause_seconds)
            after = uid
        self._metrics.finished.set(self._clock.now_ms() / 1000)

    async def _pack_if_possible(self, day: PackableDay, away: set[str]) -> None:
        """Pack `day`; what keeps one from being packed keeps no other, but its store's when that is away."""
        try:
            await self.pack(day)
        except UnavailableError as error:
            if error.code.startswith("database."):
                raise
            away.add(day.store)
            log.warning("pack.store_away", store=day.store, error=str(error))
        except (DataLossError, NotFoundError) as error:
            self._metrics.failures.inc()
            log.error("pack.day_unreadable", camera=day.camera_uid, error=str(error))
        except AbortedError as error:
            log.info("pack.overtaken", camera=day.camera_uid, error=str(error))  # the next pass sees to it

    async def pack(self, day: PackableDay) -> None:
        """Move the rows of `day` into its index object.

        Raises AbortedError when the day was changed meanwhile, UnavailableError, and what `read_day` raises.
        """
        before, rows = await self._rows.read(day)
        if not rows:
            return
        kept = await self._kept(before)
        listed = await self._replaced.list(day.store, day.camera_uid)
        generation = 1 + max((key.generation for key in listed if key.day == day.day), default=0)
        if before is not None:
            generation = max(generation, before.generation + 1)
        data, after = await asyncio.to_thread(_write, day, generation, [*kept, *rows])
        self._reached("pack.put_index_object")
        await self._objects.write(day.store, after.key, data)
        self._reached("pack.switch")
        try:
            await self._rows.switch(before, after, rows)
        except AbortedError:
            await self._objects.delete(day.store, after.key)
            raise
        self._metrics.days.inc()
        self._metrics.segments.inc(len(rows))
        self._reached("pack.delete_old")
        await self._replaced.delete(day.store, day.camera_uid, listed)

    async def _kept(self, before: PackedDay | None) -> list[Segment]:
        """What the day's index object holds already."""
        if before is None or before.objects == 0:
            return []
        return (await read_day(self._objects, before)).segments(before.kept_from_ms)

    def _before_ms(self) -> int:
        """What starts before it lies in days that are to be packed."""
        return (self._clock.now_ms() - int(self._settings.pack_after_hours * HOUR_MS)) // DAY_MS * DAY_MS


def _write(day: PackableDay, generation: int, segments: Sequence[Segment]) -> tuple[bytes, PackedDay]:
    """The index object of `segments` and its row, made from what is read back from the object."""
    once = {key_of(segment): segment for segment in segments}
    data = encode_day(day.camera_uid, day.day, day.store, list(once.values()))
    name = str(DayKey(day.camera_uid, day.day, generation))
    return data, row_of(decode_day(data, name), generation)
