"""The simulated village as a process, for the tests that read the time out of the picture."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.parts.part import CACHE, ROOT
from tests.waiting import eventually


@asynccontextmanager
async def run_village(folder: Path, cameras: int) -> AsyncIterator[list[str]]:
    """So many cameras while the context is open: their RTSP URLs. Each picture bears its timecode."""
    description = folder / "village.json"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator", "--port", "0", "--cameras", str(cameras)),
        *("--cache", str(CACHE / "village"), "--json", str(description)),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
    )

    async def described() -> bool:
        assert process.returncode is None
        return description.exists()

    try:
        await eventually(described, 60)
        yield [camera["url"] for camera in json.loads(description.read_text())["cameras"]]
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 20)
