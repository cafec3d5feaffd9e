"""What was set aside goes when its time has: it is footage, though none that can be played."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.holds.active import list_held
from services.storage.retention.lock import lock_deletion
from services.storage.segment import DAY_MS
from services.storage.spans import Span
from services.storage.stores.objects import delete, list_all
from services.storage.tables import cameras, set_aside
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.media.fragment import ObjectKey

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

ASIDE = "aside/"

log = structlog.get_logger(__name__)


class Aside:
    """Objects below `aside/` of each store, named as before and maybe numbered."""

    def __init__(self, database: Database, stores: "Mapping[str, ObjectStore]", clock: Clock) -> None:
        self._database = database
        self._stores = stores
        self._clock = clock

    async def expire(self, store: str, camera_uid: str) -> None:
        """Delete what has expired by the camera's retention, but for what an active hold keeps.

        The bucket tells what there is, so that a pass that was cut short is made up for by the next one.
        Raises UnavailableError.
        """
        there = self._stores[store]
        listed = [each.key for each in await list_all(there, f"{ASIDE}rec/{camera_uid}/")]
        if not listed:
            return
        expired = await self._forget_expired(store, camera_uid, listed)
        await delete(there, expired)
        if expired:
            log.info("reconcile.aside_expired", store=store, camera_uid=camera_uid, objects=len(expired))

    async def erase(self, store: str, camera_uid: str, window: Span) -> None:
        """Delete what lies in a window or reaches into it, but for what an active hold keeps. Raises
        UnavailableError.
        """
        there = self._stores[store]
        listed = [each.key for each in await list_all(there, f"{ASIDE}rec/{camera_uid}/")]
        if not listed:
            return
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            await lock_deletion(connection, now_ms)
            held = (await list_held(connection, [camera_uid], now_ms)).get(camera_uid, [])
            erased = [name for name in listed if _lies_in(_span_of(name), window, held)]
            await _forget(connection, store, erased)
        await delete(there, erased)

    async def _forget_expired(self, store: str, camera_uid: str, listed: Iterable[str]) -> list[str]:
        """Which of `listed` are to go. Of those no row is left."""
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            await lock_deletion(connection, now_ms)
            days = await connection.scalar(sa.select(cameras.c.kept_days).where(cameras.c.uid == camera_uid))
            if days is None:
                return []  # of a camera that is not known nothing goes
            held = (await list_held(connection, [camera_uid], now_ms)).get(camera_uid, [])
            expired = [name for name in listed if _may_go(_span_of(name), now_ms - int(days) * DAY_MS, held)]
            await _forget(connection, store, expired)
        return expired


async def _forget(connection: AsyncConnection, store: str, names: Iterable[str]) -> None:
    noted = [name.removeprefix(ASIDE) for name in names]
    await connection.execute(
        sa.delete(set_aside).where(set_aside.c.store == store, set_aside.c.key.in_(noted))
    )


def _may_go(span: Span | None, until_ms: int, held: Iterable[Span]) -> bool:
    if span is None or span.end_ms > until_ms:
        return False
    return all(window.clip(span).is_empty for window in held)


def _lies_in(span: Span | None, window: Span, held: Iterable[Span]) -> bool:
    if span is None or window.clip(span).is_empty:
        return False
    return all(each.clip(span).is_empty for each in held)


def _span_of(name: str) -> Span | None:
    """The time of footage that was set aside; None for what others have put there."""
    key = name.removeprefix(ASIDE)
    try:
        found = ObjectKey.parse(f"{key.partition('.mp4')[0]}.mp4")
    except ValueError:
        return None
    return Span(found.start_ms, found.end_ms)
