"""Auth, storage and ingest as they run in production, and a street of cameras that publish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.ports import free_port
from snowlight.api.auth.v1 import auth_pb2, publish_pb2, publish_pb2_grpc
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.config import ClusterSettings
from snowlight.errors import PermissionDeniedError
from snowlight.rpc.status import remote_errors
from snowlight.runtime import Runtime
from tests.parts.callers import permitted_channel
from tests.parts.clock import MovableClock
from tests.rpc.auth.cluster import Auth, auth_of, runtime_for
from tests.rpc.auth.registry import Registry
from tests.rpc.ingest.cluster import PATIENCE, Client, running_ingest, running_storage

COUNTY = "421381"


@dataclass(frozen=True)
class Street:
    """What a test asks, and where cameras publish."""

    auth: Auth
    ingest: Client
    keys: publish_pb2_grpc.PublishKeysAsyncStub
    rtmp_port: int
    rtsp_port: int
    auth_stack: AsyncExitStack
    """Closing it ends auth."""

    async def camera(self, camera_id: str, *, audio: bool = True) -> camera_pb2.Camera:
        """A registered camera that publishes, and is expected."""
        camera = await self.ingest.create(camera_id, "push:", region=f"regions/{COUNTY}", audio=audio)
        await self.ingest.until_state(camera.name, camera_pb2.OFFLINE)
        return camera

    async def key(self, camera: camera_pb2.Camera) -> publish_pb2.CreatePublishKeyResponse:
        """A key of a camera, once auth has heard of it."""
        request = publish_pb2.CreatePublishKeyRequest(
            access_token=await self.token(), camera_uid=camera.uid, display_name="gate"
        )
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    with remote_errors("services/auth"):
                        return await self.keys.CreatePublishKey(request)
                except PermissionDeniedError as error:
                    if error.code != "auth.camera_unknown":
                        raise
                await asyncio.sleep(0.1)

    async def delete(self, key: publish_pb2.PublishKey) -> None:
        request = publish_pb2.DeletePublishKeyRequest(
            access_token=await self.token(), name=key.name, camera_uid=key.camera_uid
        )
        with remote_errors("services/auth"):
            await self.keys.DeletePublishKey(request)

    async def token(self) -> str:
        return (await self.auth.sign_in("root")).access_token

    def url(self, scheme: str, camera_id: str, key: str) -> str:
        """Where a camera publishes by "rtmp" or "rtsp"."""
        if scheme == "rtmp":
            return f"rtmp://127.0.0.1:{self.rtmp_port}/live/{camera_id}?key={key}"
        return f"rtsp://127.0.0.1:{self.rtsp_port}/{camera_id}?key={key}"


@asynccontextmanager
async def open_street(folder: Path) -> AsyncIterator[Street]:
    """A street with an operator, without cameras."""
    async with open_town(folder) as town, town.street() as street:
        yield street


@dataclass(frozen=True)
class Town:
    """Auth and storage, with an operator, and none that ingests yet."""

    runtime: Runtime
    auth: Auth
    keys: publish_pb2_grpc.PublishKeysAsyncStub
    auth_stack: AsyncExitStack

    @asynccontextmanager
    async def street(self, cluster: ClusterSettings | None = None, **settings: Any) -> AsyncIterator[Street]:
        """What one worker of ingest has, with further `settings`. `cluster`: how it is reached, if not as
        ingest is."""
        rtmp, rtsp = free_port(), free_port()
        settings |= {
            "publish_rtmp_listen": f"127.0.0.1:{rtmp}",
            "publish_rtsp_listen": f"127.0.0.1:{rtsp}",
        }
        async with running_ingest(cluster or self.runtime.cluster, **settings) as ingest:
            yield Street(self.auth, ingest, self.keys, rtmp, rtsp, self.auth_stack)

    @asynccontextmanager
    async def worker(
        self, name: str, database_url: str, *, weight: float = 1.0, is_first: bool = False
    ) -> AsyncIterator[Street]:
        """One worker of several. The first one is where services reach ingest."""
        cluster = self.runtime.cluster
        if not is_first:
            cluster = cluster.model_copy(update={"ingest_address": f"127.0.0.1:{free_port()}"})
        async with self.street(
            cluster,
            worker=name,
            weight=weight,
            database_url=database_url,
            advertise=cluster.ingest_address,
            spool_dir=cluster.data_dir / name,
            live_wait_seconds=20.0,
        ) as street:
            yield street


@asynccontextmanager
async def open_town(folder: Path) -> AsyncIterator[Town]:
    """A town without a worker."""
    runtime = runtime_for(folder, MovableClock())
    cluster = runtime.cluster
    registry = Registry()  # type: ignore[abstract]  # ingest's own is followed
    async with AsyncExitStack() as auth_stack:
        database_url = f"sqlite+aiosqlite:///{folder / 'auth.db'}"
        auth = await auth_stack.enter_async_context(auth_of(runtime, registry, database_url))
        async with (
            running_storage(cluster),
            permitted_channel(runtime, cluster.auth_address) as channel,
        ):
            await auth.add_region(COUNTY, auth_pb2.COUNTY)
            await auth.add_person("root", auth_pb2.ADMIN, auth_pb2.OPERATOR, scope=COUNTY)
            keys: publish_pb2_grpc.PublishKeysAsyncStub = publish_pb2_grpc.PublishKeysStub(channel)
            yield Town(runtime, auth, keys, auth_stack)
