"""Loops on disk: encoded when first asked for, by as many processes at a time as there are processors."""

import asyncio
import contextlib
import os
import sys
from pathlib import Path

from simulator.loop.parameters import LoopParameters
from simulator.whole_file import replacing

_ROOT = Path(__file__).parents[2]
"""Where the package `simulator` lies, which the encoding process has to find as well."""


class EncodingFailed(RuntimeError):  # noqa: N818
    """The encoding process ended with an error; its last words are in the message."""


class LoopCache:
    def __init__(self, directory: Path, workers: int) -> None:
        """directory: made if it is missing. workers: loops encoded at a time."""
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._slots = asyncio.Semaphore(workers)
        self._encoding: dict[str, asyncio.Lock] = {}

    async def provide(self, parameters: LoopParameters) -> Path:
        """The loop's file, encoded first if need be; the encoding process ends when the caller is cancelled.

        EncodingFailed says why there is none.
        """
        path = self._directory / f"{parameters.key}.mov"
        async with self._encoding.setdefault(parameters.key, asyncio.Lock()):
            if not path.exists():
                async with self._slots:
                    with replacing(path) as partial:
                        await self._encode(parameters, partial)
        return path

    async def _encode(self, parameters: LoopParameters, path: Path) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "simulator.loop.encode", str(path)),
            stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
        )
        try:
            _, errors = await process.communicate(parameters.to_json().encode())
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode:
            last = errors.decode(errors="replace").strip().splitlines()[-1:]
            raise EncodingFailed(f"{parameters.title}: {''.join(last)}")
