"""Index objects that another generation has replaced."""

from collections.abc import Sequence

from services.storage.index.day_object import DayKey
from services.storage.index.day_objects import DayObjects
from services.storage.index.packable import PackableRows


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
