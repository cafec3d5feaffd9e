"""Cameras on air."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import tzinfo
from functools import partial
from pathlib import Path

from simulator.camera import Camera
from simulator.loop.cache import EncodingFailed, LoopCache
from simulator.loop.clock import VILLAGE_TIME
from simulator.loop.elementary import alternating, read_loop
from simulator.loop.parameters import VideoFormat
from simulator.rtsp.clock import AlternatingClock, Clock, FormatClock
from simulator.rtsp.connection import Endpoint, ProgrammeNotReady
from simulator.rtsp.live import LiveProgramme, OnAirLoop, put_on_air
from simulator.rtsp.server import listen
from simulator.scene.fonts import Fonts

_PATIENCE = 8.0
"""Seconds a client is kept waiting for a loop that is still being encoded; many clients give up after ten."""


@asynccontextmanager
async def serve_cameras(
    cameras: Sequence[Camera],
    cache: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    clock: Callable[[], float] = time.time,
    zone: tzinfo = VILLAGE_TIME,
    encoders: int | None = None,
) -> AsyncIterator["CameraServer"]:
    """Serves `cameras` by RTSP until the context ends.

    It begins at once; a camera whose loop is not in the folder `cache` yet keeps its clients waiting or
    answers 503 until it is. clock: Unix time in seconds. zone: whose local time the pictures show.
    encoders: loops encoded at a time, by default one for each processor.
    """
    loops = LoopCache(cache, encoders or os.cpu_count() or 1)
    server = CameraServer(cameras, loops, host, clock, zone)
    try:
        async with listen(host, port, server.find) as server.port:
            yield server
    finally:
        await server.close()


class CameraServer:
    """Cameras that are being served; made by `serve_cameras`."""

    def __init__(
        self,
        cameras: Sequence[Camera],
        cache: LoopCache,
        host: str,
        clock: Callable[[], float],
        zone: tzinfo,
    ) -> None:
        self.cameras = tuple(cameras)
        self.host = host
        self.port = 0
        self._clock = clock
        self._zone = zone
        self._fonts = Fonts()
        self._clock_maker = ThreadPoolExecutor(1, "clock")
        self._clocks: dict[VideoFormat, FormatClock] = {}
        self._programmes: dict[str, LiveProgramme] = {}
        self._endpoints = {camera.path: self._endpoint(camera) for camera in self.cameras}
        self._files = {
            loop: asyncio.create_task(cache.provide(loop)) for camera in self.cameras for loop in camera.loops
        }
        self._on_air: dict[object, asyncio.Task[OnAirLoop]] = {}

    def url(self, camera: Camera) -> str:
        """Where `camera` is served, credentials included."""
        return camera.url(self.host, self.port)

    def clients(self, camera: Camera) -> int:
        """How many clients play `camera` now."""
        programme = self._programmes.get(camera.path)
        return 0 if programme is None else programme.receivers

    async def encoded(self) -> None:
        """Waits until every camera's loop is there; EncodingFailed if one cannot be made."""
        await asyncio.gather(*(asyncio.shield(file) for file in self._files.values()))

    def find(self, path: str) -> Endpoint | None:
        return self._endpoints.get(path)

    async def close(self) -> None:
        """Ends what is still being encoded."""
        self._clock_maker.shutdown(wait=False, cancel_futures=True)
        tasks = [*self._files.values(), *self._on_air.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _endpoint(self, camera: Camera) -> Endpoint:
        programme = partial(self._programme, camera)
        return Endpoint(programme, camera.credentials, camera.faults, camera.session_timeout)

    async def _programme(self, camera: Camera) -> LiveProgramme:
        """The camera's programme, put on air for its first client; ProgrammeNotReady until it is encoded."""
        camera = self._shown_by(camera)
        key = camera.loops, camera.faults
        if key not in self._on_air:
            self._on_air[key] = asyncio.create_task(self._put_on_air(camera))
        try:
            async with asyncio.timeout(_PATIENCE):
                loop = await asyncio.shield(self._on_air[key])
                if camera.path not in self._programmes:
                    ssrc = int.from_bytes(os.urandom(4), "big") & 0xFFFFFFFE
                    self._programmes[camera.path] = LiveProgramme(loop, camera.faults, ssrc, self._clock)
                await self._programmes[camera.path].ready()
        except (TimeoutError, EncodingFailed) as error:
            raise ProgrammeNotReady(camera.path) from error
        return self._programmes[camera.path]

    def _shown_by(self, camera: Camera) -> Camera:
        """Whose picture `camera` shows now."""
        programme = self._programmes.get(camera.path)
        if not camera.faults.becomes or programme is None or programme.joined == programme.receivers:
            return camera
        return next(other for other in self.cameras if other.path == camera.faults.becomes)

    async def _put_on_air(self, camera: Camera) -> OnAirLoop:
        files = [await self._files[loop] for loop in camera.loops]
        clocks = [self._format_clock(loop.video) for loop in camera.loops]
        return await asyncio.to_thread(_read_on_air, files, clocks, camera)

    def _format_clock(self, whole: VideoFormat) -> FormatClock:
        if whole not in self._clocks:
            self._clocks[whole] = FormatClock(whole, self._zone, self._fonts, self._clock_maker)
        return self._clocks[whole]


def _read_on_air(files: Sequence[Path], clocks: Sequence[Clock], camera: Camera) -> OnAirLoop:
    loop, clock = read_loop(files[0]), clocks[0]
    if camera.faults.resolution_change:
        span = camera.faults.resolution_change * loop.video.frame_rate
        loop = alternating(loop, read_loop(files[1]), span)
        clock = AlternatingClock(clock, clocks[1], span)
    return put_on_air(loop, camera.picture.title, camera.faults, clock)
