"""From spool file to committed object in one store: PUT, commit, delete."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import structlog
from obstore.exceptions import BaseError

from services.ingest.recording.backoff import Backoff
from services.ingest.recording.concurrency import Concurrency
from services.ingest.recording.put import ObjectPut
from services.ingest.recording.queue import UploadQueue
from services.ingest.recording.spool import Spool
from services.ingest.recording.spool_file import SpoolFile
from snowlight.api.storage.v1 import storage_pb2
from snowlight.clock import Clock
from snowlight.errors import InvalidArgumentError, SnowlightError, UnavailableError

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

Commit = Callable[[list[storage_pb2.Segment]], Awaitable[list[storage_pb2.CommitResult]]]
"""Tells storage. Raises SnowlightError when it could not be told, InvalidArgumentError when it refuses."""

_Outcome = storage_pb2.CommitResult

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class UploadSettings:
    """`least`, `most`: PUTs at a time. `slow_seconds`: a PUT that takes longer says that the store has too
    much to do. `put_seconds`: a PUT that is not done by then has failed.
    `backlog_bytes_per_second`: how fast what was left over is uploaded, 0 for no cap. `batch`: objects in one
    commit. Retries wait between the two bounds.
    """

    least: int = 1
    most: int = 16
    slow_seconds: float = 10.0
    put_seconds: float = 60.0
    backlog_bytes_per_second: int = 0
    batch: int = 200
    retry_first_s: float = 0.5
    retry_longest_s: float = 30.0


class Uploader:
    """Uploads what it is given. A failure is retried for ever: the spool keeps the footage.

    What is tried next after a failure is the newest file again, not the one that failed: when a store comes
    back, people look for what happened last.
    """

    def __init__(
        self,
        spool: Spool,
        store: "ObjectStore",
        store_name: str,
        commit: Commit,
        clock: Clock,
        settings: UploadSettings,
        random: Random,
        prepare: Callable[[], Awaitable[None]],
    ) -> None:
        """`prepare` makes the store ready for a first PUT; raises UnavailableError while it cannot."""
        self._spool = spool
        self._put = ObjectPut(store, settings.put_seconds, settings.most)
        self._name = store_name
        self._commit = commit
        self._prepare = prepare
        self._settings = settings
        self._metrics = spool.metrics
        self._queue = UploadQueue(clock, settings.backlog_bytes_per_second)
        self._gate = Concurrency(
            least=settings.least,
            most=settings.most,
            slow_seconds=settings.slow_seconds,
            gauge=spool.metrics.upload_limit.labels(store_name),
        )
        self._put_backoff = Backoff(settings.retry_first_s, settings.retry_longest_s, random)
        self._commit_backoff = Backoff(settings.retry_first_s, settings.retry_longest_s, random)
        self._sync_backoff = Backoff(settings.retry_first_s, settings.retry_longest_s, random)
        self._uncommitted: list[SpoolFile] = []
        self._uncommitted_added = asyncio.Event()
        self._committed: asyncio.Queue[SpoolFile] = asyncio.Queue()
        self._metrics.waiting.labels(store_name).set_function(lambda: len(self._queue))

    @property
    def failing(self) -> bool:
        """The last answer of the store, or of storage, was a failure."""
        return self._put_backoff.failing or self._commit_backoff.failing or self._sync_backoff.failing

    def add(self, file: SpoolFile, failures: int = 0) -> None:
        """Upload `file` when its turn comes."""
        self._queue.add(file, failures)

    def take_all(self) -> list[tuple[SpoolFile, int]]:
        """The files whose PUT has not begun, with what `add` wants: perhaps they go elsewhere now."""
        return self._queue.take_all()

    async def run(self) -> None:
        """Until cancelled. What is not committed by then is finished by the next start."""
        await self._prepared()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._put_forever(tasks), name="uploader put")
            tasks.create_task(self._commit_forever(), name="uploader commit")
            tasks.create_task(self._delete_forever(), name="uploader delete")

    async def _prepared(self) -> None:
        while True:
            try:
                await self._prepare()
            except UnavailableError as error:
                log.warning("store.unavailable", store=self._name, reason=str(error))
                self._put_backoff.failed()
                await self._put_backoff.rest()
            else:
                self._put_backoff.succeeded()
                return

    async def _put_forever(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            await self._gate.enter()
            await self._put_backoff.rest()
            file, failures = await self._queue.take()
            if file.gone:
                self._gate.abandon()
            else:
                tasks.create_task(self._put_one(file, failures))

    async def _put_one(self, file: SpoolFile, failures: int) -> None:
        began = asyncio.get_running_loop().time()
        self._spool.reached("upload.put")
        try:
            await self._put.put(file)
        except (BaseError, OSError, ValueError) as error:  # the last by a file that has become shorter
            self._gate.leave(began, succeeded=False)
            await self._put_failed(file, failures, error)
            return
        self._gate.leave(began, succeeded=True)
        self._put_backoff.succeeded()
        self._metrics.put_seconds.observe(asyncio.get_running_loop().time() - began)
        self._metrics.put_bytes.inc(file.size)
        self._uncommitted.append(file)
        self._uncommitted_added.set()

    async def _put_failed(self, file: SpoolFile, failures: int, error: Exception) -> None:
        self._metrics.put_failures.inc()
        if await asyncio.to_thread(file.has_vanished):
            log.error("spool.file_vanished", file=file.path.name)
            file.refused = True
            return
        log.warning("store.put_failed", store=self._name, key=file.key, error=str(error))
        if not self._put_backoff.failing:
            failures += 1  # the store was well: perhaps it is the file
        self._put_backoff.failed()
        self._queue.add(file, failures)

    async def _commit_forever(self) -> None:
        while True:
            await self._uncommitted_added.wait()
            await self._commit_backoff.rest()
            self._uncommitted.sort(key=lambda file: file.start_ms)
            batch = self._uncommitted[-self._settings.batch :]
            del self._uncommitted[-self._settings.batch :]
            if not self._uncommitted:
                self._uncommitted_added.clear()
            await self._commit_batch([file for file in batch if not file.gone])

    async def _commit_batch(self, batch: list[SpoolFile]) -> None:
        if not batch:
            return
        self._spool.reached("upload.commit")
        try:
            results = await self._commit([file.segment(self._name) for file in batch])
        except InvalidArgumentError as error:
            await self._commit_singly(batch, error)
            return
        except (SnowlightError, OSError) as error:
            self._metrics.commit_failures.inc()
            log.warning("storage.commit_failed", segments=len(batch), error=str(error))
            self._commit_backoff.failed()
            self._uncommitted += batch
            self._uncommitted_added.set()
            return
        self._commit_backoff.succeeded()
        outcomes = {result.key: result.outcome for result in results}
        for file in batch:
            self._take_outcome(file, outcomes.get(file.key, _Outcome.OUTCOME_UNSPECIFIED))

    async def _commit_singly(self, batch: list[SpoolFile], error: InvalidArgumentError) -> None:
        """Storage refuses `batch` for something in it."""
        self._metrics.commit_failures.inc()
        if len(batch) == 1:
            log.error("storage.segment_refused", key=batch[0].key, error=str(error))
            batch[0].refused = True  # it stays in the spool as long as its age allows
            return
        for file in batch:
            await self._commit_batch([file])

    def _take_outcome(self, file: SpoolFile, outcome: storage_pb2.CommitResult.Outcome.ValueType) -> None:
        self._metrics.commits.labels(_Outcome.Outcome.Name(outcome).lower()).inc()
        if outcome == _Outcome.OUTCOME_UNSPECIFIED:
            log.error("storage.segment_without_result", key=file.key)
            file.refused = True
            return
        if outcome == _Outcome.SUPERSEDED:
            log.warning("storage.segment_superseded", key=file.key)
        self._committed.put_nowait(file)

    async def _delete_forever(self) -> None:
        while True:
            done = [await self._committed.get()]
            while not self._committed.empty():
                done.append(self._committed.get_nowait())
            if self._put.is_local:
                await self._synced()
            for file in done:
                self._spool.reached("spool.delete")
                self._spool.remove(file)

    async def _synced(self) -> None:
        """Return once what is in a local store is on its disk, which nothing else says."""
        while True:
            await self._spool.synced()  # the same disk most often; else it keeps the pace
            await self._sync_backoff.rest()
            try:
                await self._put.synced(self._spool.folder)
            except OSError as error:
                log.error("store.sync_failed", store=self._name, error=str(error))
                self._sync_backoff.failed()
            else:
                self._sync_backoff.succeeded()
                return
