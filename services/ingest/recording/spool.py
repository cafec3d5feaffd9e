"""The spool: a folder of coming objects, its index in memory, its room, and its sync rounds."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.space import FAILED, FIRST_STOP, level_of
from services.ingest.recording.spool_file import SpoolFile, SpoolName
from services.ingest.recording.sync import sync_file_system
from snowlight.clock import Clock
from snowlight.errors import NotFoundError
from snowlight.media.fragment import InitSection, ObjectKey
from snowlight.shards import shard_of
from snowlight.steps import Reached, go_on

_CHUNK = 256 << 10
_ROUNDS_AFTER_FAILURE = 10

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SpoolSettings:
    """`segment_s`: an object's length. `longest_s`, `largest_bytes`: where one is cut without a key frame.
    `capacity_bytes`: what the spool may hold, 0 for as much as its disk does. `reserve_bytes`: what it leaves
    free on the disk in any case. `sync_interval_s`: between rounds.
    """

    segment_s: int = 60
    longest_s: int = 90
    largest_bytes: int = 64 << 20
    capacity_bytes: int = 0
    reserve_bytes: int = 256 << 20
    sync_interval_s: float = 1.0


class Spool:
    """All methods belong to one event loop."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        settings: SpoolSettings,
        metrics: RecordingMetrics,
        *,
        reached: Reached = go_on,
        sync: Callable[[Path], None] = sync_file_system,
    ) -> None:
        """`sync` writes out the file system of a folder; blocks and raises OSError."""
        self.folder = folder
        self.settings = settings
        self.metrics = metrics
        self.reached = reached
        self.closed: asyncio.Queue[SpoolFile] = asyncio.Queue()
        """Files that wait for their upload; bounded by the disk that holds them."""
        self.level = 0.0
        """How full it is, as of the last round: see `services.ingest.recording.space`."""
        self._clock = clock
        self._sync = sync
        # A thread of its own: those that all share may all wait for a store that is away.
        self._thread = ThreadPoolExecutor(1, "spool sync")
        self._files: dict[str, list[SpoolFile]] = {}
        self._count = 0
        self._sequence = 0
        self._epochs: dict[int, int] = {}
        self._wanted_round = 0
        self._finished_round = 0
        self._rounds = asyncio.Condition()
        self._dirty = False
        self._appended = 0  # bytes since the last sync round
        self._used = 0
        self.written = 0
        """Bytes, since the start."""
        self._rounds_to_rest = 0  # since a write failed
        folder.mkdir(parents=True, exist_ok=True)
        self._check_space()

    def raise_epoch(self, shard: int, epoch: int) -> None:
        """Files of a shard's cameras are of `epoch` from now on: that in which the sessions began has proved
        to be too old."""
        self._epochs[shard] = epoch

    def next_sequence(self) -> int:
        """A number that no other file of this start has."""
        self._sequence += 1
        return self._sequence

    def create(self, name: SpoolName, init: InitSection) -> SpoolFile:
        """Begin a file, of the epoch that its name tells or of a newer one. Raises OSError."""
        epoch = self._epochs.get(shard_of(name.uid), 0) if self._epochs else 0
        if name.epoch < epoch:
            name = replace(name, epoch=epoch)
        file = SpoolFile.create(self.folder / str(name), name, init)
        self.adopt(file)
        self._dirty = True
        return file

    def adopt(self, file: SpoolFile) -> None:
        """Enter a file into the index."""
        self._files.setdefault(file.name.uid, []).append(file)
        self._count += 1
        self._used += file.size
        self.metrics.files.set(self._count)

    def appended(self, size: int) -> None:
        """`size` bytes were written and wait for the next sync round."""
        self._appended += size
        self._used += size
        self.written += size

    def seal(self, file: SpoolFile) -> None:
        """Finish a file that was written, and hand it on to be uploaded."""
        self.reached("spool.seal")
        before = file.size
        try:
            file.finish()
        except OSError as error:
            self.failed(error)  # it stays readable here, and the next start cuts its tail
            return
        self.appended(file.size - before)
        file.sealed_at = self._clock.monotonic()
        if file.duration_ms:
            self.closed.put_nowait(file)
        else:
            self.remove(file)

    def remove(self, file: SpoolFile) -> None:
        """Delete a file, and forget it."""
        if file.gone:
            return
        file.gone = True
        files = self._files[file.name.uid]
        files.remove(file)
        if not files:
            del self._files[file.name.uid]
        self._count -= 1
        self._used -= file.size
        self.metrics.files.set(self._count)
        try:
            file.path.unlink(missing_ok=True)
        except OSError as error:  # the next start finds it, and storage that it is committed
            log.error("spool.not_deleted", file=file.path.name, error=str(error))

    def list_spool(self, uid: str, start_ms: int, end_ms: int) -> list[SpoolFile]:
        """One camera's files that overlap [start_ms, end_ms), oldest first."""
        files = self._files.get(uid, ())
        found = [f for f in files if f.duration_ms and f.start_ms < end_ms and f.end_ms > start_ms]
        return sorted(found, key=lambda f: (f.start_ms, f.name.sequence))

    def cameras(self) -> list[str]:
        """The uids of the cameras that have files."""
        return list(self._files)

    @property
    def count(self) -> int:
        """How many files there are."""
        return self._count

    def files(self) -> Iterator[SpoolFile]:
        """All files, in no order."""
        for files in self._files.values():
            yield from files

    def read(self, uid: str, key: str, offset: int, length: int) -> Iterator[bytes]:
        """Bytes of one file from `offset` on; `length` 0 means to the end of what is written.

        A file that is being written is found by any key it has had. Raises NotFoundError, on the call or
        with the first chunk, when the file is gone or was never there.
        """
        file = self._find(uid, key)
        end = min(file.size, offset + length) if length else file.size
        return _chunks(file.path, offset, end)

    def _find(self, uid: str, key: str) -> SpoolFile:
        try:
            wanted = ObjectKey.parse(key)
        except ValueError as error:
            raise NotFoundError("spool.gone", str(error), field="key") from None
        for file in self._files.get(uid, ()):
            name = file.name
            if (name.start_ms, name.epoch, name.sequence) == (wanted.start_ms, wanted.epoch, wanted.sequence):
                return file
        raise NotFoundError("spool.gone", "the object has left the spool")

    # Sync rounds.

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Sync rounds go on inside; a last one follows."""
        task = asyncio.create_task(self._sync_forever(), name="spool sync")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            await self._sync_round()

    async def synced(self) -> None:
        """Return once a sync round that began after this call has ended."""
        self._dirty = True
        self._wanted_round += 1
        wanted = self._wanted_round
        async with self._rounds:
            await self._rounds.wait_for(lambda: self._finished_round >= wanted)

    async def _sync_forever(self) -> None:
        while True:
            await asyncio.sleep(self.settings.sync_interval_s)
            await self._sync_round()

    async def _sync_round(self) -> None:
        wanted = self._wanted_round
        appended, self._appended = self._appended, 0
        self.metrics.spooled.inc(appended)
        safe = await self._written_out() if self._dirty or appended else True
        self._check_space()  # whatever became of the sync: it is what keeps the spool within its bounds
        if safe:
            async with self._rounds:
                self._finished_round = wanted
                self._rounds.notify_all()

    async def _written_out(self) -> bool:
        """Sync the spool's disk. False if that failed."""
        self._dirty = False
        began = self._clock.monotonic()
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._sync, self.folder)
        except OSError as error:
            self._dirty = True
            self.metrics.sync_failures.inc()
            log.error("spool.sync_failed", error=str(error))
            return False
        self.metrics.sync_seconds.observe(self._clock.monotonic() - began)
        return True

    # Room.

    def failed(self, error: OSError) -> None:
        """A write failed: nothing is taken for some rounds, whatever the disk says of its room."""
        log.error("spool.write_failed", error=str(error))
        self._rounds_to_rest = _ROUNDS_AFTER_FAILURE
        self._set_level(1.0 if error.errno in (errno.ENOSPC, errno.EDQUOT) else FAILED)

    def _check_space(self) -> None:
        if self._rounds_to_rest:
            self._rounds_to_rest -= 1
            return
        settings = self.settings
        try:
            status = os.statvfs(self.folder)
        except OSError as error:
            log.error("spool.unreachable", error=str(error), code=errno.errorcode.get(error.errno or 0))
            self._set_level(FAILED)
            return
        available = max(0, status.f_bavail * status.f_frsize - settings.reserve_bytes)
        self._set_level(level_of(self._used, available, settings.capacity_bytes, settings.reserve_bytes))

    def _set_level(self, level: float) -> None:
        if (level >= FIRST_STOP) != (self.level >= FIRST_STOP):
            log.warning("spool.fills" if level >= FIRST_STOP else "spool.has_room", level=round(level, 3))
        self.level = level
        self.metrics.level.set(min(level, 1.0))


def _chunks(path: Path, offset: int, end: int) -> Iterator[bytes]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFoundError("spool.gone", "the object has left the spool") from None
    try:
        while offset < end:
            chunk = os.pread(descriptor, min(_CHUNK, end - offset), offset)
            if not chunk:
                return
            offset += len(chunk)
            yield chunk
    finally:
        os.close(descriptor)
