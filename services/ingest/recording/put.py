"""One object into one store, however often it takes and whatever the answers were."""

import asyncio
import errno
from hashlib import sha256
from mmap import MAP_POPULATE, MAP_SHARED, PROT_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import structlog
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore

from services.ingest.recording.spool_file import SpoolFile

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

_CHUNK = 1 << 20

log = structlog.get_logger(__name__)


class ObjectPut:
    """Puts files into a store. May be repeated, and interrupted anywhere."""

    def __init__(self, store: "ObjectStore") -> None:
        self._store = store
        self.is_local = isinstance(store, LocalStore)
        """In a folder, an object is only as safe as the sync round behind it."""
        self._root = Path(store.prefix) if isinstance(store, LocalStore) and store.prefix else None

    async def put(self, file: SpoolFile) -> None:
        """The whole of `file` lies under its key when this returns.

        Raises obstore's BaseError and OSError when it does not.
        """
        if not file.sha256:
            try:
                file.sha256 = await asyncio.to_thread(_sha256_of, file.path, file.size)
            except OSError:
                file.refused = True  # unless the disk gives it after all
                raise
        if self._root is None or not await asyncio.to_thread(_link, file.path, self._root / file.key):
            await self._send(file)

    async def _send(self, file: SpoolFile) -> None:
        # Closed with the last reference: a transfer that is cancelled may still look into it.
        data = await asyncio.to_thread(_map, file.path, file.size)
        key = file.key
        # An object that a crash left in a folder may be shorter than it says, or hollow.
        mode: Literal["create", "overwrite"] = "overwrite" if file.recovered and self.is_local else "create"
        try:
            await self._store.put_async(key, data, mode=mode, use_multipart=False)
        except AlreadyExistsError:
            # An earlier attempt whose answer was lost, most likely. That a store says so proves nothing.
            if not await self._holds(file):
                log.warning("store.object_replaced", key=key)
                await self._store.put_async(key, data, mode="overwrite", use_multipart=False)

    async def _holds(self, file: SpoolFile) -> bool:
        """The object is byte for byte the file. Epoch and sequence make its key this file's alone."""
        if (await self._store.head_async(file.key))["size"] != file.size:
            return False
        digest = sha256()
        found = await self._store.get_async(file.key)
        async for chunk in found.stream():
            digest.update(chunk)
        return digest.digest() == file.sha256


def _link(path: Path, target: Path) -> bool:
    """Let the spool file itself be the object of a local folder, without a copy. False if it cannot be."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.hardlink_to(path)
    except FileExistsError:
        return target.samefile(path)
    except OSError as error:
        if error.errno in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP):
            return False  # another file system, or one without links
        raise
    return True


def _map(path: Path, size: int) -> mmap:
    """The file's first `size` bytes. All pages at once: a fault for each costs a fifth of an upload's CPU."""
    with path.open("rb") as file:
        return mmap(file.fileno(), size, flags=MAP_SHARED | MAP_POPULATE, prot=PROT_READ)


def _sha256_of(path: Path, size: int) -> bytes:
    """Read, not mapped: a bad sector is an error then, and not the end of the process."""
    digest = sha256()
    with path.open("rb", buffering=0) as file:
        while size:
            chunk = file.read(min(size, _CHUNK))
            if not chunk:
                raise ValueError("the file has become shorter")
            digest.update(chunk)
            size -= len(chunk)
    return digest.digest()
