"""PUT out of a map of the file, by obstore: for all stores that the kernel cannot write to by itself."""

import asyncio
from mmap import MAP_POPULATE, MAP_SHARED, PROT_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore


class MappedPut:
    """Puts files into one store."""

    def __init__(self, store: "ObjectStore") -> None:
        self._store = store

    async def put(self, path: Path, size: int, key: str, *, replace: bool) -> None:
        """The file's first `size` bytes are the object `key` when this returns.

        Raises obstore's BaseError, AlreadyExistsError where there is one that must not be replaced, OSError
        for what the disk says, ValueError where the file has become shorter.
        """
        # Closed with the last reference: a transfer that is cancelled may still look into it.
        data = await asyncio.to_thread(_map, path, size)
        mode: Literal["create", "overwrite"] = "overwrite" if replace else "create"
        await self._store.put_async(key, data, mode=mode, use_multipart=False)


def _map(path: Path, size: int) -> mmap:
    """The file's first `size` bytes. All pages at once: a fault for each costs a fifth of an upload's CPU."""
    with path.open("rb") as file:
        return mmap(file.fileno(), size, flags=MAP_SHARED | MAP_POPULATE, prot=PROT_READ)
