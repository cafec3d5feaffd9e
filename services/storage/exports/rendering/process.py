"""Runs the renderer: another process, which decodes what cameras sent and holds no credentials."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from services.storage.exports.rendering.job import LENGTH, Job, Made, Word
from snowlight.errors import DataLossError, UnavailableError
from snowlight.worker_process import worker_environment

STALLED_S = 1800.0
"""A renderer that says nothing for so long is killed: it has a minute of footage at a time to go through."""
_MODULE = "services.storage.exports.rendering"
_LONGEST_LINE = 4 << 20

Objects = AsyncIterator[tuple[int, bytes]]
"""When each begins (ms since 1970 UTC), and its bytes."""


async def render(job: Job, objects: Objects, progressed: Callable[[int], None]) -> list[Made]:
    """The files of `job`, in its folder. `progressed` hears up to when the footage is in them.

    Raises DataLossError("export.not_rendered") for footage of which no file can be made, UnavailableError
    ("export.renderer_killed") when the process ended otherwise, and what `objects` raises. The process ends
    with this call, however it ends.
    """
    async with _process() as process, asyncio.TaskGroup() as group:
        feeding = group.create_task(_feed(process, job, objects))
        last = await _listen(process, progressed)
        feeding.cancel()
    match last:
        case Word(kind="made" | "nothing"):
            return list(last.made)
        case Word(kind="failed"):
            raise DataLossError("export.not_rendered", f"the footage cannot be rendered: {last.error}")
        case _:
            raise UnavailableError("export.renderer_killed", "the renderer was ended")


@asynccontextmanager
async def _process() -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        _MODULE,
        str(os.getpid()),
        stdin=PIPE,
        stdout=PIPE,
        limit=_LONGEST_LINE,
        env=worker_environment(),
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _feed(process: Process, job: Job, objects: Objects) -> None:
    """As fast as it takes them, one at a time. What it says tells whether it has taken them."""
    pipe = process.stdin
    assert pipe is not None
    with suppress(ConnectionError):
        pipe.write(job.model_dump_json().encode() + b"\n")
        async for start_ms, data in objects:
            pipe.write(LENGTH.pack(start_ms) + LENGTH.pack(len(data)))
            pipe.write(data)
            await pipe.drain()
        pipe.write(LENGTH.pack(0) * 2)
        await pipe.drain()


async def _listen(process: Process, progressed: Callable[[int], None]) -> Word | None:
    """Its last word; None when it ended without one."""
    pipe = process.stdout
    assert pipe is not None
    while True:
        try:
            async with asyncio.timeout(STALLED_S):
                line = await pipe.readline()
        except TimeoutError:
            return None
        if not line.endswith(b"\n"):
            return None
        word = Word.model_validate_json(line)
        if word.kind != "at":
            return word
        progressed(word.at_ms)
