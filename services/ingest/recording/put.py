"""One object into one store, however often it takes and whatever the answers were."""

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple, Unpack

import structlog
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore

from services.ingest.recording.mapped import MappedPut
from services.ingest.recording.sendfile import SendfilePut, takes_sendfile
from services.ingest.recording.spool_file import SpoolFile
from services.ingest.recording.sync import sync_another

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

_CHUNK = 1 << 20
_THREADS = 4
_OF_THE_DISK = (errno.EIO, errno.ESTALE)
"""No socket says so."""
_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

log = structlog.get_logger(__name__)


def link(path: Path, root: Path, key: str) -> bool:
    """Let the spool file itself be the object in a local store, without a copy. False if it cannot be.

    Raises OSError, and makes no root where there is none: its disk is away.
    """
    root.stat()
    target = root / key
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


class ObjectPut:
    """Puts files into a store. May be repeated, and interrupted anywhere."""

    def __init__(
        self,
        store: "ObjectStore",
        seconds: float,
        most: int,
        *,
        link: Callable[[Path, Path, str], bool] = link,
        sync: Callable[[Path, Path], None] = sync_another,
    ) -> None:
        """`seconds`: a request that the store has not done by then has failed. `most`: PUTs at a time.
        `link` and `sync` touch the folder; they block and raise OSError.
        """
        self._store = store
        self.is_local = isinstance(store, LocalStore)
        """In a folder, an object is only as safe as the sync round behind it."""
        self._root = Path(store.prefix) if isinstance(store, LocalStore) and store.prefix else None
        self._seconds = seconds
        self._link = link
        self._sync = sync
        # Threads of its own: a folder whose server is away keeps them, and they would be missing elsewhere.
        self._threads = ThreadPoolExecutor(_THREADS, "store folder") if self.is_local else None
        self._way = SendfilePut(store, most) if takes_sendfile(store) else MappedPut(store)

    async def put(self, file: SpoolFile) -> None:
        """The whole of `file` lies under its key when this returns.

        Raises obstore's BaseError and OSError when it does not, ValueError where `file` has become shorter.
        """
        if not file.sha256:
            try:
                file.sha256 = await asyncio.to_thread(_sha256_of, file.path, file.size)
            except OSError:
                file.refused = True  # unless the disk gives it after all
                raise
        if not await self._linked(file):
            await self._send(file)

    async def synced(self, spool: Path) -> None:
        """What was put into a folder is on its disk when this returns. Raises OSError when it may not be.

        `spool`: a folder whose file system was written out since.
        """
        if self._root is not None:
            async with _within(self._seconds):
                await self._in_thread(self._sync, self._root, spool)

    async def _in_thread(self, call: Callable[[Unpack[_Ts]], _T], *arguments: *_Ts) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)

    async def _linked(self, file: SpoolFile) -> bool:
        if self._root is None:
            return False
        async with _within(self._seconds):
            return await self._in_thread(self._link, file.path, self._root, file.key)

    async def _send(self, file: SpoolFile) -> None:
        # An object that a crash left in a folder may be shorter than it says, or hollow.
        try:
            await self._transfer(file, replace=file.recovered and self.is_local)
        except AlreadyExistsError:
            # An earlier attempt whose answer was lost, most likely. That a store says so proves nothing.
            if not await self._holds(file):
                log.warning("store.object_replaced", key=file.key)
                await self._transfer(file, replace=True)

    async def _transfer(self, file: SpoolFile, *, replace: bool) -> None:
        try:
            async with _within(self._seconds):
                await self._way.put(file.path, file.size, file.key, replace=replace)
        except OSError as error:
            file.refused = file.refused or error.errno in _OF_THE_DISK
            raise

    async def _holds(self, file: SpoolFile) -> bool:
        """The object is byte for byte the file. Epoch and sequence make its key this file's alone."""
        async with _within(self._seconds):
            if (await self._store.head_async(file.key))["size"] != file.size:
                return False
            digest = sha256()
            found = await self._store.get_async(file.key)
            async for chunk in found.stream():
                digest.update(chunk)
            return digest.digest() == file.sha256


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    """Raises TimeoutError, which is an OSError, when what is inside takes longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise TimeoutError(str(error) or f"no answer within {seconds} s") from error


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
