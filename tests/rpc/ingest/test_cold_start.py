"""Hundreds of cameras at several sites wait to be connected to; one site takes calls and never answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from simulator.camera import Camera
from simulator.server import CameraServer, serve_cameras
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.config import ClusterSettings
from tests.rpc.ingest.cluster import Client, running_ingest
from tests.rpc.ingest.village import GATE
from tests.waiting import eventually

DEAD_CAMERAS, LIVING_SITES, CAMERAS_EACH = 150, 3, 25
LIVING_CAMERAS = LIVING_SITES * CAMERAS_EACH
COUNTY = Camera("gate", GATE.picture)


@dataclass
class DeadSite:
    """Takes connections and says nothing."""

    living: list[CameraServer]
    port: int = 0
    called: set[str] = field(default_factory=set)
    playing: list[int] = field(default_factory=list)
    """How many cameras of the living sites played when a camera of this one was called for the first time."""

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        url = (await reader.readline()).decode().split()[1]
        if url not in self.called:
            self.called.add(url)
            self.playing.append(sum(server.clients(COUNTY) for server in self.living))
        await reader.read()
        writer.close()


@asynccontextmanager
async def serve_dead_site(living: list[CameraServer]) -> AsyncIterator[DeadSite]:
    site = DeadSite(living)
    async with await asyncio.start_server(site.hear, "127.0.9.1", 0) as server:
        site.port = server.sockets[0].getsockname()[1]
        yield site


async def register(client: Client, name: str, urls: list[str]) -> None:
    camera = camera_pb2.Camera(region="regions/421381", enabled=True)
    requests = []
    for number, url in enumerate(urls):
        request = camera_pb2.CreateCameraRequest(camera_id=f"{name}-{number}", camera=camera)
        request.camera.source_url = url
        requests.append(request)
    answer = await client.registry.BatchCreateCameras(camera_pb2.BatchCreateCamerasRequest(requests=requests))
    assert not any(result.HasField("problem") for result in answer.results)


async def test_a_dead_site_holds_no_other_up(cluster: ClusterSettings, loops: Path) -> None:
    async with AsyncExitStack() as stack:
        living = [
            await stack.enter_async_context(serve_cameras([COUNTY], loops, host=f"127.0.{number}.1"))
            for number in range(1, LIVING_SITES + 1)
        ]
        for server in living:
            await server.encoded()
        dead = await stack.enter_async_context(serve_dead_site(living))
        async with running_ingest(cluster, sessions_per_second=0.01) as client:  # all but one are to wait
            await register(
                client, "dead", [f"rtsp://127.0.9.1:{dead.port}/{number}" for number in range(DEAD_CAMERAS)]
            )
            for number, server in enumerate(living):
                await register(client, f"site-{number}", [server.url(COUNTY)] * CAMERAS_EACH)
        dead.called.clear()
        dead.playing.clear()

        async with running_ingest(cluster, sessions_per_second=40, site_sessions_per_second=40) as client:

            async def all_play() -> bool:
                return sum(server.clients(COUNTY) for server in living) == LIVING_CAMERAS

            async def all_were_called() -> bool:
                return len(dead.called) == DEAD_CAMERAS

            await eventually(all_play, 60)
            await eventually(all_were_called, 60)
            assert dead.playing[DEAD_CAMERAS // 2] > LIVING_CAMERAS // 4  # those of the dead site came first
            await client.until_state("cameras/dead-0", camera_pb2.OFFLINE)
            for number in range(LIVING_SITES):
                await client.until_state(f"cameras/site-{number}-{CAMERAS_EACH - 1}", camera_pb2.ONLINE)
            assert await all_play()
