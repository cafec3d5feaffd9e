"""From spool file to committed object: PUT, commit, delete."""

import asyncio
import errno
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from mmap import ACCESS_READ, mmap
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Literal

import structlog
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore

from services.ingest.recording.spool import Spool
from services.ingest.recording.spool_file import SpoolFile
from snowlight.api.storage.v1 import storage_pb2
from snowlight.clock import Clock
from snowlight.errors import InvalidArgumentError, SnowlightError

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

Commit = Callable[[list[storage_pb2.Segment]], Awaitable[list[storage_pb2.CommitResult]]]
"""Tells storage. Raises SnowlightError when it could not be told, InvalidArgumentError when it refuses."""

_Outcome = storage_pb2.CommitResult

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class UploadSettings:
    """`concurrency`: PUTs at a time. `batch`: objects in one commit. Retries wait between the two bounds."""

    concurrency: int = 8
    batch: int = 200
    retry_first_s: float = 0.5
    retry_longest_s: float = 30.0


class Uploader:
    """Takes what the spool closes. A failure is retried for ever: the spool keeps the footage."""

    def __init__(
        self,
        spool: Spool,
        store: "ObjectStore",
        store_name: str,
        commit: Commit,
        clock: Clock,
        settings: UploadSettings,
        random: Random,
    ) -> None:
        self._spool = spool
        self._store = store
        self._store_name = store_name
        self._commit = commit
        self._clock = clock
        self._settings = settings
        self._random = random
        self._metrics = spool.metrics
        self._local = isinstance(store, LocalStore)
        self._root = _root_of(store)
        self._put: asyncio.Queue[SpoolFile] = asyncio.Queue()
        self._committed: asyncio.Queue[SpoolFile] = asyncio.Queue()

    async def run(self) -> None:
        """Until cancelled. What is not committed by then is finished by the next start."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._settings.concurrency):
                tasks.create_task(self._put_forever(), name="uploader put")
            tasks.create_task(self._commit_forever(), name="uploader commit")
            tasks.create_task(self._delete_forever(), name="uploader delete")

    async def _put_forever(self) -> None:
        while True:
            file = await self._spool.closed.get()
            delays = self._delays()
            while True:
                try:
                    await self._put_file(file)
                except FileNotFoundError:
                    log.error("spool.file_vanished", file=file.path.name)
                    self._spool.remove(file, unlink=False)
                    break
                except (BaseError, OSError) as error:
                    self._metrics.put_failures.inc()
                    log.warning("store.put_failed", key=file.key, error=str(error))
                    await asyncio.sleep(delays())
                else:
                    self._put.put_nowait(file)
                    break

    async def _put_file(self, file: SpoolFile) -> None:
        began = self._clock.monotonic()
        if not file.sha256:
            file.sha256 = await asyncio.to_thread(_sha256_of, file.path)
        if self._root is None or not await asyncio.to_thread(_link, file.path, self._root / file.key):
            await self._send(file)
        self._metrics.put_seconds.observe(self._clock.monotonic() - began)
        self._metrics.put_bytes.inc(file.size)

    async def _send(self, file: SpoolFile) -> None:
        key = file.key
        with file.path.open("rb") as source, mmap(source.fileno(), 0, access=ACCESS_READ) as data:
            # an object that a crash left in a folder may be shorter than it says, or hollow
            mode: Literal["create", "overwrite"] = "overwrite" if file.recovered and self._local else "create"
            try:
                await self._store.put_async(key, data, mode=mode, use_multipart=False)
            except AlreadyExistsError:
                if (await self._store.head_async(key))["size"] != file.size:
                    log.warning("store.object_replaced", key=key)
                    await self._store.put_async(key, data, mode="overwrite", use_multipart=False)

    async def _commit_forever(self) -> None:
        while True:
            batch = [await self._put.get()]
            while len(batch) < self._settings.batch and not self._put.empty():
                batch.append(self._put.get_nowait())
            await self._commit_batch(batch)

    async def _commit_batch(self, batch: list[SpoolFile]) -> None:
        delays = self._delays()
        while True:
            try:
                results = await self._commit([file.segment(self._store_name) for file in batch])
                break
            except InvalidArgumentError as error:
                self._metrics.commit_failures.inc()
                if len(batch) == 1:
                    log.error("storage.segment_refused", key=batch[0].key, error=str(error))
                    return  # it stays in the spool; the next start tries it again
                for file in batch:
                    await self._commit_batch([file])
                return
            except (SnowlightError, OSError) as error:
                self._metrics.commit_failures.inc()
                log.warning("storage.commit_failed", segments=len(batch), error=str(error))
                await asyncio.sleep(delays())
        outcomes = {result.key: result.outcome for result in results}
        for file in batch:
            outcome = outcomes.get(file.key, _Outcome.OUTCOME_UNSPECIFIED)
            self._metrics.commits.labels(_Outcome.Outcome.Name(outcome).lower()).inc()
            if outcome == _Outcome.OUTCOME_UNSPECIFIED:
                log.error("storage.segment_without_result", key=file.key)
                continue
            if outcome == _Outcome.SUPERSEDED:
                log.warning("storage.segment_superseded", key=file.key)
            file.committed = True
            self._committed.put_nowait(file)

    async def _delete_forever(self) -> None:
        """In a folder, an object is only as safe as the sync round behind it."""
        while True:
            done = [await self._committed.get()]
            while not self._committed.empty():
                done.append(self._committed.get_nowait())
            if self._local:
                await self._spool.synced()
            for file in done:
                self._spool.remove(file)

    def _delays(self) -> Callable[[], float]:
        """Waits that double, with jitter."""
        wait = self._settings.retry_first_s

        def next_delay() -> float:
            nonlocal wait
            delay = wait * self._random.uniform(0.5, 1.0)
            wait = min(2 * wait, self._settings.retry_longest_s)
            return delay

        return next_delay


def _root_of(store: "ObjectStore") -> Path | None:
    """The folder of a store that is one."""
    return Path(store.prefix) if isinstance(store, LocalStore) and store.prefix else None


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


def _sha256_of(path: Path) -> bytes:
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        return sha256(data).digest()
