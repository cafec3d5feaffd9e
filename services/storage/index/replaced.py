"""Index objects that count no more: another generation has replaced them, or their day is empty."""

from collections.abc import Collection, Sequence

from services.storage.index.day_object import DayKey
from services.storage.index.day_objects import DayObjects
from services.storage.index.packable import PackableRows
from services.storage.segment import DAY_MS, MAX_DURATION_MS


class Replaced:
    """Deletes them. One that outlived its day's row would bring the day back when the index is rebuilt."""

    def __init__(self, rows: PackableRows, objects: DayObjects) -> None:
        self._rows = rows
        self._objects = objects

    async def list(self, store: str, camera_uid: str) -> Sequence[DayKey]:
        """All index objects of a camera. Raises UnavailableError."""
        return await self._objects.list_keys(store, camera_uid)

    async def delete(self, store: str, camera_uid: str, listed: Sequence[DayKey]) -> None:
        """Of those `listed` before, delete what is older than the generation that counts by now.

        Raises UnavailableError.
        """
        current = await self._rows.generations(camera_uid, store)
        for key in listed:
            if key.generation < current.get(key.day, 0):
                await self._objects.delete(store, key)

    async def delete_empty(
        self, store: str, listed: Sequence[DayKey], days: Collection[int], expired_ms: int
    ) -> None:
        """Of those `listed`, delete what is of none of `days`, which have rows or objects, and of a day whose
        footage all ended by `expired_ms`.

        A closer put it and was killed, and then all of the day expired. Of a younger day it may be the only
        record of footage that was lost with the index. Raises UnavailableError.
        """
        for key in listed:
            ended_ms = (key.day + 1) * DAY_MS + MAX_DURATION_MS
            if key.day not in days and ended_ms <= expired_ms:
                await self._objects.delete(store, key)
