"""`snowlight ingest --workers N`: a process each for N workers on this machine, by exec and never by fork."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import structlog
from sqlalchemy.engine import make_url

from services.ingest.config import IngestSettings
from snowlight.config import ClusterSettings
from snowlight.errors import FailedPreconditionError

MOST_WORKERS = 64
RESTART_SECONDS = (1.0, 30.0)
"""Shortest and longest pause before a worker that ended, or did not start, is started again."""
STEADY_SECONDS = 60.0
"""One that ran for so long is started again after the shortest."""
KILL_SECONDS = 90.0
"""How long workers may take to hand over and stop."""

log = structlog.get_logger(__name__)


def worker_settings(number: int, settings: IngestSettings, cluster: ClusterSettings) -> dict[str, str]:
    """What one worker is told in its environment beside what all are. The first one keeps the spool of a
    worker that was alone before.

    Raises FailedPreconditionError where the settings are for one worker alone.
    """
    url = settings.database_url
    if url is None or make_url(url).get_backend_name() != "postgresql":
        raise FailedPreconditionError("config.workers", "several workers must share a PostgreSQL database")
    for name in ("listen", "publish_rtmp_listen", "publish_rtsp_listen"):
        if (getattr(settings, name) or "").endswith(":0"):
            raise FailedPreconditionError(
                "config.workers", f"several workers need ports that are known: {name}"
            )
    spool = settings.spool_dir or cluster.data_dir / "spool"
    return {
        "SNOWLIGHT_INGEST_WORKER": _name_of(settings.worker, number),
        "SNOWLIGHT_INGEST_LISTEN": _next_port(settings.listen, number),
        "SNOWLIGHT_INGEST_ADVERTISE": _next_port(settings.advertise or cluster.ingest_address, number),
        "SNOWLIGHT_INGEST_SPOOL_DIR": str(_spool_of(spool, number)),
        "SNOWLIGHT_ADMIN_LISTEN": _next_port(cluster.admin_listen, number),
        "SNOWLIGHT_INGEST_TRANSCODE_TOGETHER": str(
            settings.transcode.together or cluster.data_dir / "transcoding"
        ),
    }


async def run_workers(environments: Sequence[Mapping[str, str]]) -> None:
    """Run a worker with each environment until SIGTERM or SIGINT, and start again what ends before."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as group:
        for environment in environments:
            group.create_task(_keep(environment, stop))


async def _keep(environment: Mapping[str, str], stop: asyncio.Event) -> None:
    shortest, longest = RESTART_SECONDS
    pause, time = shortest, asyncio.get_running_loop().time
    while not stop.is_set():
        began = time()
        try:
            process = await _start(environment)
        except OSError as error:  # the machine is full, or the program is just replaced: the others go on
            log.error("worker.not_started", reason=str(error), again_in_s=pause)
        else:
            try:
                await _until_either(process, stop)
            finally:
                await _end(process)
            if stop.is_set():
                return
            if time() - began >= STEADY_SECONDS:
                pause = shortest
            log.error("worker.ended", status=process.returncode, again_in_s=pause)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await stop.wait()
        pause = min(2 * pause, longest)


async def _start(environment: Mapping[str, str]) -> Process:
    """Raises OSError."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.ingest", "--parent", str(os.getpid())),
        env={**os.environ, **environment},
    )


async def _until_either(process: Process, stop: asyncio.Event) -> None:
    ends = [asyncio.ensure_future(process.wait()), asyncio.ensure_future(stop.wait())]
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for end in ends:
            end.cancel()


async def _end(process: Process) -> None:
    """Have a worker hand over and stop, if it has not ended."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(KILL_SECONDS):
            await process.wait()
    except TimeoutError:
        log.error("worker.killed", pid=process.pid)
        process.kill()
        await process.wait()


def _name_of(worker: str, number: int) -> str:
    """Workers of machines that share a database have their machine's name in theirs."""
    if worker.isdecimal():
        return str(int(worker) + number)
    return f"{worker}.{number}" if number else worker


def _next_port(address: str, number: int) -> str:
    host, _, port = address.rpartition(":")
    return f"{host}:{int(port) + number if port != '0' else 0}"


def _spool_of(folder: Path, number: int) -> Path:
    return folder / str(number) if number else folder
