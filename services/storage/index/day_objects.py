"""Index objects in their stores: read through a bounded cache, written once, deleted."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError

from services.storage.index.day_object import Day, DayKey, decode_day
from snowlight.errors import AbortedError, DataLossError, NotFoundError, UnavailableError

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore import ObjectMeta
    from obstore.store import ObjectStore

TIMEOUT_S = 30.0


class DayObjects:
    """The index objects of all stores. The newest read ones are kept, as far as `cache_bytes` reach."""

    def __init__(self, stores: Mapping[str, "ObjectStore"], cache_bytes: int) -> None:
        self._stores = stores
        self._cache_bytes = cache_bytes
        self._cached: OrderedDict[tuple[str, DayKey], Day] = OrderedDict()
        self._cached_bytes = 0

    async def read(self, store: str, key: DayKey) -> Day:
        """The day that `key` tells.

        Raises NotFoundError when the object is not there, DataLossError when it is not what it should be,
        UnavailableError when its store does not answer.
        """
        day = self._cached.get((store, key))
        if day is None:
            data = await self._get(store, key)
            day = decode_day(data, f"{store}:{key}")
            if (day.camera_uid, day.day, day.store) != (key.camera_uid, key.day, store):
                raise DataLossError("storage.index_object_damaged", f"{store}:{key}: it tells of another day")
            self._keep(store, key, day)
        else:
            self._cached.move_to_end((store, key))
        return day

    async def write(self, store: str, key: DayKey, data: bytes) -> None:
        """Write an index object that is not there yet. Raises AbortedError when it is, UnavailableError."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await obstore.put_async(
                    self._store(store), str(key), data, mode="create", use_multipart=False
                )
        except AlreadyExistsError as error:
            raise AbortedError("storage.index_object_exists", f"{store}:{key} is there already") from error
        except (BaseError, OSError, TimeoutError) as error:
            raise UnavailableError("store.unavailable", f"store {store} takes no {key}") from error

    async def list_keys(self, store: str, camera_uid: str) -> list[DayKey]:
        """Names of all index objects of a camera. Raises UnavailableError."""
        keys: list[DayKey] = []
        try:
            async with asyncio.timeout(TIMEOUT_S):
                async for batch in obstore.list(self._store(store), f"idx/{camera_uid}"):
                    keys += _day_keys(batch)
        except (BaseError, OSError, TimeoutError) as error:
            raise UnavailableError("store.unavailable", f"store {store} lists nothing") from error
        return keys

    async def delete(self, store: str, key: DayKey) -> None:
        """Delete an index object, which may be gone already. Raises UnavailableError."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await obstore.delete_async(self._store(store), str(key))
        except FileNotFoundError:
            pass
        except (BaseError, OSError, TimeoutError) as error:
            raise UnavailableError("store.unavailable", f"store {store} does not delete {key}") from error
        dropped = self._cached.pop((store, key), None)
        self._cached_bytes -= dropped.size if dropped else 0

    def _store(self, name: str) -> "ObjectStore":
        """Raises UnavailableError when no setting names the store (any more)."""
        found = self._stores.get(name)
        if found is None:
            raise UnavailableError("store.unknown", f"no store is named {name!r}")
        return found

    async def _get(self, store: str, key: DayKey) -> bytes:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answer = await obstore.get_async(self._store(store), str(key))
                return bytes(await answer.bytes_async())
        except FileNotFoundError as error:
            raise NotFoundError("storage.index_object_missing", f"{store}:{key} is not there") from error
        except (BaseError, OSError, TimeoutError) as error:
            raise UnavailableError("store.unavailable", f"store {store} does not give {key}") from error

    def _keep(self, store: str, key: DayKey, day: Day) -> None:
        if (store, key) in self._cached or day.size > self._cache_bytes:
            return
        self._cached[store, key] = day
        self._cached_bytes += day.size
        while self._cached_bytes > self._cache_bytes:
            _, dropped = self._cached.popitem(last=False)
            self._cached_bytes -= dropped.size


def _day_keys(batch: "Sequence[ObjectMeta]") -> Iterator[DayKey]:
    for meta in batch:
        try:
            yield DayKey.parse(meta["path"])
        except ValueError:
            continue  # not ours: nobody asks for it, and we do not touch it
