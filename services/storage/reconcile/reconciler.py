"""Goes over all cameras again and again, so slowly that nobody notices, and fast enough to find within a day
what was deleted in silence."""

import asyncio
import re
from collections.abc import Awaitable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from services.storage.index.day_object import DayKey
from services.storage.index.replaced import Replaced
from services.storage.reconcile.adopting import Adopting
from services.storage.reconcile.aside import Aside
from services.storage.reconcile.comparison import Comparison
from services.storage.reconcile.metrics import ReconcileMetrics
from services.storage.reconcile.rows import CameraDay, ReconcileRows
from services.storage.segment import DAY_MS
from services.storage.stores.health import StoreHealth
from services.storage.stores.objects import list_all, list_folder
from snowlight.bounded import for_each
from snowlight.clock import Clock
from snowlight.errors import SnowlightError

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

DAYS_AT_ONCE = 2
LONGEST_SLOT_S = 60.0
"""A small cluster is gone over more often than it must be."""
FOOTAGE = "rec/"

_DATE = re.compile(r"\d{8}")

log = structlog.get_logger(__name__)


class Reconciler:
    """Gives each camera its slot of the period: what is not checked for longest comes first."""

    def __init__(
        self,
        rows: ReconcileRows,
        stores: "Mapping[str, ObjectStore]",
        health: StoreHealth,
        comparison: Comparison,
        adopting: Adopting,
        aside: Aside,
        replaced: Replaced,
        clock: Clock,
        metrics: ReconcileMetrics,
        *,
        period_seconds: float,
        first_seconds: float,
    ) -> None:
        self._rows = rows
        self._stores = stores
        self._health = health
        self._comparison = comparison
        self._adopting = adopting
        self._aside = aside
        self._replaced = replaced
        self._clock = clock
        self._metrics = metrics
        self._period_seconds = period_seconds
        self._first_seconds = first_seconds

    async def run(self) -> None:
        """Until cancelled. After a start others are in greater haste: it waits a while."""
        await asyncio.sleep(self._first_seconds)
        while True:
            began = self._clock.monotonic()
            uids = await self._order()
            slot = min(self._period_seconds / max(1, len(uids)), LONGEST_SLOT_S)
            for at, uid in enumerate(uids, start=1):
                await self._try(self._camera(uid), uid)
                await asyncio.sleep(max(0.0, began + at * slot - self._clock.monotonic()))
            if not uids:
                await asyncio.sleep(slot)

    async def _order(self) -> list[str]:
        """All cameras that the index or a bucket knows, those first that wait longest."""
        uids: set[str] = set()
        checks: dict[str, int] = {}
        try:
            uids = await self._rows.list_cameras()
            after = ""
            while (found := await self._rows.next_with_rows(after)) is not None:
                uids.add(found)
                after = found
            checks = await self._rows.oldest_checks()
        except SnowlightError as error:
            self._failed(error)
        for name in self._there():
            await self._try(self._list_cameras(name, uids))
        if checks:
            self._metrics.oldest.set(min(checks.values()) / 1000)
        return sorted(uids, key=lambda uid: (checks.get(uid, 0), uid))

    async def _list_cameras(self, store: str, uids: set[str]) -> None:
        """Add those of the store to `uids`."""
        folders, beside = await list_folder(self._stores[store], FOOTAGE)
        uids |= set(folders)
        for each in beside:
            await self._adopting.note_foreign(store, each.key)

    async def _camera(self, uid: str) -> None:
        """Compare every day of the camera that the index or a bucket knows, in every store that is there. One
        that does not list what it holds keeps no other from it."""
        there = self._there()
        indexed: dict[str, Sequence[DayKey]] = {}
        # Before the rows: what a closer has put and not yet told of has rows still.
        for name in there:
            try:
                indexed[name] = await self._replaced.list(name, uid)
            except SnowlightError as error:
                self._failed(error)
        known = await self._rows.list_days(uid)
        listed = {
            name
            for name, day_keys in indexed.items()
            if await self._try(self._look_through(uid, name, day_keys, known), uid)
        }
        unseen = {name for name, _ in known if self._health.is_away(name)} | (set(there) - listed)
        days = [CameraDay(uid, day, name) for name, day in sorted(known) if name not in unseen]
        await for_each(days, lambda day: self._try(self._comparison.compare(day), uid), at_once=DAYS_AT_ONCE)
        if listed == set(there):
            await self._rows.forget_checks(uid, sorted(known))

    async def _look_through(
        self, uid: str, store: str, day_keys: Sequence[DayKey], known: set[tuple[str, int]]
    ) -> None:
        """Add to `known` the days that the store has objects of, note what is not named as footage, and
        delete what has outlived its use of index objects (`day_keys` are all) and of what was set aside."""
        folders, beside = await list_folder(self._stores[store], f"{FOOTAGE}{uid}/")
        for folder in folders:
            day = _day_of(folder)
            if day is None:
                beside += await list_all(self._stores[store], f"{FOOTAGE}{uid}/{folder}/")
            else:
                known.add((store, day))
        for each in beside:
            await self._adopting.note_foreign(store, each.key)
        await self._replaced.delete(store, uid, day_keys)
        kept_days = await self._rows.kept_days(uid)
        if kept_days is not None:
            expired_ms = self._clock.now_ms() - kept_days * DAY_MS
            days = {day for name, day in known if name == store}
            await self._replaced.delete_empty(store, day_keys, days, expired_ms)
        await self._aside.expire(store, uid)

    async def _try(self, work: Awaitable[None], uid: str = "") -> bool:
        """Whether it went well. What cannot be compared now keeps nothing else from it, and waits longest
        from now on; so does what fails as nobody thought of: others may have put anything there."""
        try:
            await work
        except SnowlightError as error:
            self._failed(error)
        except Exception:
            self._metrics.failures.inc()
            log.exception("reconcile.broke", camera_uid=uid)
        else:
            return True
        return False

    def _failed(self, error: SnowlightError) -> None:
        self._metrics.failures.inc()
        log.warning("reconcile.failed", error=str(error))

    def _there(self) -> list[str]:
        """Stores that answer."""
        return [name for name in self._stores if not self._health.is_away(name)]


def _day_of(folder: str) -> int | None:
    """Days since 1970 UTC of a folder's name "20261126"; None when it is no date."""
    if _DATE.fullmatch(folder) is None:
        return None
    try:
        date = datetime.strptime(folder, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(date.timestamp()) * 1000 // DAY_MS
