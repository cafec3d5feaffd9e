"""The simulated village as a process, for the tests that read the time out of the picture."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.watching import Stream
from tests.parts.part import CACHE, ROOT
from tests.waiting import eventually

H264_AAC = Stream(("h264", "aac"), 15, 2000)
STREAMS = {
    "h264+aac": H264_AAC,
    "h265+g711a": Stream(("hevc", "aac"), 15, 2000),
    "h264": Stream(("h264",), 15, 2000),
}
"""By the simulator's profile."""


@dataclass(frozen=True, slots=True)
class Source:
    """The URL of a camera, credentials included, and what it sends."""

    url: str
    stream: Stream


@asynccontextmanager
async def run_village(folder: Path, cameras: int) -> AsyncIterator[list[Source]]:
    """So many cameras while the context is open, the first with H.264 and AAC. Pictures bear a timecode."""
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
        described_cameras = json.loads(description.read_text())["cameras"]
        yield [Source(camera["url"], STREAMS[camera["profile"]]) for camera in described_cameras]
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 20)
