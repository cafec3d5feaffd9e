"""Sheets of small pictures show footage: they go with it, scrub sheets after two days anyway.

Gateways put them into stores.
"""

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
from snowlight.media.preview import FOLDER, LAPSE_FOLDER, SHEETS_KEPT_MS, LapseKey, SheetKey

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

LIST_SECONDS = 3600.0
"""Between two looks at what there is of a store."""
AT_ONCE = 50_000
"""Sheets deleted by one look; the next one goes on at once."""

log = structlog.get_logger(__name__)


class KeptPictures:
    """Objects below `prv/` and `thm/` of each store.

    No hold keeps them: they can be made again of what it keeps.
    """

    def __init__(
        self, database: Database, stores: "Mapping[str, ObjectStore]", clock: Clock, *, grace_seconds: float
    ) -> None:
        self._database = database
        self._stores = stores
        self._clock = clock
        self._grace_ms = int(grace_seconds * 1000)
        self._listed_at: dict[str, float] = {}

    async def expire(self, store: str) -> None:
        """Delete what is older than its camera's footage is kept, and the grace, and of scrub sheets what is
        older than two days.

        Raises UnavailableError.
        """
        began = self._clock.monotonic()
        if began < self._listed_at.get(store, float("-inf")) + LIST_SECONDS:
            return
        there, kept_ms = self._stores[store], await self._kept()
        now_ms = self._clock.now_ms()
        gone: list[str] = []
        for folder, ends_ms in ((FOLDER, self._sheet_ends_ms), (LAPSE_FOLDER, self._thumbnails_end_ms)):
            async for chunk in list_chunks(there, folder):
                gone += [each.key for each in chunk if ends_ms(each, kept_ms) <= now_ms]
                if len(gone) >= AT_ONCE:
                    break
        if len(gone) < AT_ONCE:
            self._listed_at[store] = began
        await delete(there, gone)
        if gone:
            log.info("sweep.pictures_deleted", store=store, objects=len(gone))

    async def erase(self, store: str, camera_uid: str, window: Span) -> None:
        """Delete a camera's sheets of a window. Raises UnavailableError."""
        there = self._stores[store]
        for folder in (FOLDER, LAPSE_FOLDER):
            listed = await list_all(there, f"{folder}{camera_uid}/")
            await delete(there, [each.key for each in listed if _reaches_into(each.key, window)])

    async def _kept(self) -> dict[str, int]:
        """How long each camera's footage is kept, ms."""
        query = sa.select(cameras.c.uid, cameras.c.kept_days)
        async with self._database.read() as connection:
            return {row.uid: row.kept_days * DAY_MS for row in await connection.execute(query)}

    def _sheet_ends_ms(self, listed: Listed, kept_ms: Mapping[str, int]) -> int:
        """When it may go. What names a time after it was written, or none, goes by when that was."""
        try:
            key = SheetKey.parse(listed.key)
        except ValueError:
            return listed.modified_ms + SHEETS_KEPT_MS + self._grace_ms
        kept = min(kept_ms.get(key.uid, SHEETS_KEPT_MS), SHEETS_KEPT_MS)
        return min(key.end_ms, listed.modified_ms) + kept + self._grace_ms

    def _thumbnails_end_ms(self, listed: Listed, kept_ms: Mapping[str, int]) -> int:
        """As long as what the first one shows, so that none outlives its footage; the others can be made
        again. Those of a camera that nobody knows go as scrub sheets do."""
        try:
            key = LapseKey.parse(listed.key)
        except ValueError:
            return listed.modified_ms + SHEETS_KEPT_MS + self._grace_ms
        kept = kept_ms.get(key.uid, SHEETS_KEPT_MS)
        return min(key.start_ms, listed.modified_ms) + kept + self._grace_ms


def _reaches_into(key: str, window: Span) -> bool:
    """By its name. What does not tell its time goes with the rest."""
    try:
        sheet = LapseKey.parse(key) if key.startswith(LAPSE_FOLDER) else SheetKey.parse(key)
    except ValueError:
        return True
    return sheet.start_ms < window.end_ms and sheet.end_ms > window.start_ms
