"""A camera that publishes: libav or GStreamer in a process of its own, which can be killed."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import av

from tests.parts.part import ROOT

_PIPELINE = Path(__file__).parent / "gstreamer_publisher.py"
_PAUSE_S = 0.04
"""Between two rounds: the sound of a film begins a little before its pictures."""


@dataclass(frozen=True)
class Publisher:
    """The process, and what it says when it fails."""

    process: asyncio.subprocess.Process

    @property
    def runs(self) -> bool:
        return self.process.returncode is None

    async def ended(self) -> str:
        """What it said, once it has ended by itself."""
        _, said = await asyncio.wait_for(self.process.communicate(), 30)
        return said.decode(errors="replace")


@asynccontextmanager
async def _running(*command: str | Path) -> AsyncIterator[Publisher]:
    """The process, until the context ends: then SIGKILL."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Publisher(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def pipeline_publishing(python: Path, pipeline: str) -> AsyncIterator[Publisher]:
    """A GStreamer pipeline, run by the Python that `find_gstreamer` tells; SIGKILL when the context ends."""
    async with _running(python, _PIPELINE, pipeline) as publisher:
        yield publisher


@asynccontextmanager
async def publishing(url: str, film: Path) -> AsyncIterator[Publisher]:
    """`film` again and again at its own speed, to rtmp:// or rtsp://; SIGKILL when the context ends."""
    async with _running(sys.executable, "-m", __name__, url, film) as publisher:
        yield publisher


def publish(url: str, film: Path) -> None:
    """Publish until something breaks."""
    options = {"rtsp_transport": "tcp"} if url.startswith("rtsp") else {}
    form = "rtsp" if url.startswith("rtsp") else "flv"
    start, offset_s = time.monotonic(), 0.0
    with av.open(url, "w", format=form, options=options) as server:
        while True:
            offset_s = _play_once(server, film, start, offset_s)


def _play_once(server: av.container.OutputContainer, film: Path, start: float, offset_s: float) -> float:
    """Publish the film once, from `offset_s` on; returns where it ends."""
    with av.open(str(film)) as container:
        if not server.streams:
            for stream in container.streams.get():
                server.add_stream_from_template(stream)
        for packet in container.demux():
            if packet.dts is None or packet.pts is None or packet.time_base is None:
                continue
            shift = round(offset_s / packet.time_base)
            packet.dts, packet.pts = packet.dts + shift, packet.pts + shift
            time.sleep(max(0.0, start + float(packet.dts * packet.time_base) - time.monotonic()))
            packet.stream = server.streams[packet.stream_index]
            server.mux(packet)
        assert container.duration is not None
        return offset_s + container.duration / 1_000_000 + _PAUSE_S


if __name__ == "__main__":
    publish(sys.argv[1], Path(sys.argv[2]))
