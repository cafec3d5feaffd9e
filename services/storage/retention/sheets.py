"""Scrub sheets show footage: they go with it, and after two days anyway. Gateways put them into stores."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from services.storage.segment import DAY_MS
from services.storage.spans import Span
from services.storage.stores.objects import Listed, delete, list_all, list_chunks
from services.storage.tables import cameras
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.media.preview import FOLDER, SHEETS_KEPT_MS, SheetKey

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

LIST_SECONDS = 3600.0
"""Between two looks at what there is of a store."""
AT_ONCE = 50_000
"""Sheets deleted by one look; the next one goes on at once."""

log = structlog.get_logger(__name__)


class ScrubSheets:
    """Objects below `prv/` of each store. No hold keeps them: they can be made again of what it keeps."""

    def __init__(
        self, database: Database, stores: "Mapping[str, ObjectStore]", clock: Clock, *, grace_seconds: float
    ) -> None:
        self._database = database
        self._stores = stores
        self._clock = clock
        self._grace_ms = int(grace_seconds * 1000)
        self._listed_at: dict[str, float] = {}

    async def expire(self, store: str) -> None:
        """Delete what is older than two days, or than its camera's footage is kept, and the grace.

        Raises UnavailableError.
        """
        began = self._clock.monotonic()
        if began < self._listed_at.get(store, float("-inf")) + LIST_SECONDS:
            return
        there, kept_ms = self._stores[store], await self._kept_shorter()
        now_ms = self._clock.now_ms()
        gone: list[str] = []
        async for chunk in list_chunks(there, FOLDER):
            gone += [each.key for each in chunk if self._ends_ms(each, kept_ms) <= now_ms]
            if len(gone) >= AT_ONCE:
                break
        else:
            self._listed_at[store] = began
        await delete(there, gone)
        if gone:
            log.info("sweep.sheets_deleted", store=store, objects=len(gone))

    async def erase(self, store: str, camera_uid: str, window: Span) -> None:
        """Delete a camera's sheets of a window. Raises UnavailableError."""
        there = self._stores[store]
        listed = await list_all(there, f"{FOLDER}{camera_uid}/")
        await delete(there, [each.key for each in listed if _reaches_into(each.key, window)])

    async def _kept_shorter(self) -> dict[str, int]:
        """How long footage is kept, ms, of cameras that keep theirs for less time than sheets."""
        query = sa.select(cameras.c.uid, cameras.c.kept_days).where(
            cameras.c.kept_days < SHEETS_KEPT_MS // DAY_MS
        )
        async with self._database.read() as connection:
            return {row.uid: row.kept_days * DAY_MS for row in await connection.execute(query)}

    def _ends_ms(self, listed: Listed, kept_ms: Mapping[str, int]) -> int:
        """When it may go. What names a time after it was written, or none, goes by when that was."""
        try:
            key = SheetKey.parse(listed.key)
        except ValueError:
            return listed.modified_ms + SHEETS_KEPT_MS + self._grace_ms
        kept = kept_ms.get(key.uid, SHEETS_KEPT_MS)
        return min(key.end_ms, listed.modified_ms) + kept + self._grace_ms


def _reaches_into(key: str, window: Span) -> bool:
    """By its name. What does not tell its time goes with the rest."""
    try:
        sheet = SheetKey.parse(key)
    except ValueError:
        return True
    return sheet.start_ms < window.end_ms and sheet.end_ms > window.start_ms
