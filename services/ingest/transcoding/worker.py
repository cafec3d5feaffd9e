"""A transcoding process, as ingest sees it."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from services.ingest.transcoding.messages import HEADER, Job, Kind, parse_header
from snowlight.errors import UnavailableError
from snowlight.worker_process import worker_environment

_MODULE = "services.ingest.transcoding.process"


class Worker:
    """Raises UnavailableError("transcode.process_ended") from each of its methods once it has ended."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    async def send(self, kind: Kind, data: bytes = b"") -> None:
        """Waits while the process has too much to read."""
        pipe = self._process.stdin
        assert pipe is not None
        try:
            pipe.write(HEADER.pack(kind, len(data)))
            if data:
                pipe.write(data)
            await pipe.drain()
        except ConnectionError:
            raise _ended() from None

    async def receive(self) -> tuple[Kind, bytes]:
        """What it says next."""
        pipe = self._process.stdout
        assert pipe is not None
        try:
            kind, size = parse_header(await pipe.readexactly(HEADER.size))
            return kind, await pipe.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            raise _ended() from None


@asynccontextmanager
async def run_worker(job: Job) -> AsyncIterator[Worker]:
    """It runs inside, and has ended afterwards. Raises UnavailableError("transcode.no_process")."""
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            _MODULE,
            str(os.getpid()),
            stdin=PIPE,
            stdout=PIPE,
            env=worker_environment(),
        )
    except OSError as error:
        raise UnavailableError(
            "transcode.no_process", f"no process can be started: {error.strerror}"
        ) from error
    try:
        worker = Worker(process)
        await worker.send(Kind.JOB, job.encode())
        yield worker
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _ended() -> UnavailableError:
    return UnavailableError("transcode.process_ended", "the transcoding process has ended")
