"""Starts `tests.crash.process`, listens to it, and sees how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.parts.part import ROOT

LONGEST_S = 60


class Child:
    """A process that runs."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    async def ended(self) -> tuple[int, list[str]]:
        """Its exit status, and the lines that it told."""
        async with asyncio.timeout(LONGEST_S):
            told, _ = await self._process.communicate()
        assert self._process.returncode is not None
        return self._process.returncode, told.decode().splitlines()

    async def killed(self) -> list[str]:
        """The lines that it told before it came to its step."""
        status, told = await self.ended()
        assert status == -signal.SIGKILL, f"it ended with {status} instead:\n{self.last_words()}"
        return told

    async def finished(self) -> list[str]:
        """The lines that it told until it had done all there was to do."""
        status, told = await self.ended()
        assert status == 0, f"it ended with {status}:\n{self.last_words()}"
        return told

    def last_words(self) -> str:
        return self._log.read_text(errors="replace")[-3000:]


@asynccontextmanager
async def child(log: Path, environment: Mapping[str, str], *arguments: str) -> AsyncIterator[Child]:
    """A process of its own, by exec. It does not outlive the context."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SNOWLIGHT_")}
    with log.open("ab") as written:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.crash.process",
            *arguments,
            cwd=ROOT,
            env={**inherited, **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=written,
        )
    try:
        yield Child(process, log)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
