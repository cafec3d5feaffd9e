"""Ingest and storage as they run in production, in the test's own loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from services.ingest.app import run_ingest
from services.ingest.config import IngestSettings
from services.storage.app import run_storage
from services.storage.config import StorageSettings
from simulator.ports import free_port
from snowlight.api.ingest.v1 import (
    camera_pb2,
    camera_pb2_grpc,
    health_pb2_grpc,
    live_pb2,
    live_pb2_grpc,
    online_pb2_grpc,
)
from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc
from snowlight.config import ClusterSettings
from snowlight.media.envelope import decode_live
from snowlight.media.fragment import Fragment, InitSection
from snowlight.rpc.channel import raw_stream
from snowlight.rpc.status import remote_errors
from snowlight.runtime import build_runtime
from tests.parts.callers import permitted_channel
from tests.parts.migrated import INGEST, STORAGE

PATIENCE = 30.0


@dataclass(frozen=True)
class Client:
    """Calls to both services, as the gateway makes them."""

    registry: camera_pb2_grpc.CameraRegistryAsyncStub
    live: live_pb2_grpc.LiveAsyncStub
    storage: storage_pb2_grpc.StorageAsyncStub
    watch_live: Any
    online_rates: online_pb2_grpc.OnlineRatesAsyncStub
    health: health_pb2_grpc.HealthReportsAsyncStub
    metrics: CollectorRegistry | None = None
    """What ingest tells Prometheus, where it runs in this process."""

    def sample(self, name: str, **labels: str) -> float:
        """A metric's value, 0 before there was any."""
        assert self.metrics is not None
        return self.metrics.get_sample_value(name, labels) or 0.0

    async def create(self, camera_id: str, source_url: str, **fields: Any) -> camera_pb2.Camera:
        values = {"region": "regions/421381", "enabled": True, "source_url": source_url, **fields}
        request = camera_pb2.CreateCameraRequest(camera_id=camera_id, camera=camera_pb2.Camera(**values))
        return await self.registry.CreateCamera(request)

    async def update(self, name: str, **fields: Any) -> camera_pb2.Camera:
        request = camera_pb2.UpdateCameraRequest(camera=camera_pb2.Camera(name=name, **fields))
        request.update_mask.paths.extend(fields)
        return await self.registry.UpdateCamera(request)

    async def status(self, name: str) -> camera_pb2.CameraStatus:
        return await self.registry.GetCameraStatus(camera_pb2.GetCameraStatusRequest(name=name))

    async def until_state(
        self, name: str, state: camera_pb2.CameraState.ValueType
    ) -> camera_pb2.CameraStatus:
        status: camera_pb2.CameraStatus = await until(
            lambda: self.status(name), lambda status: status.state == state
        )
        return status

    async def watch(self, uid: str, rendition: str = "") -> AsyncIterator[InitSection | Fragment]:
        call = self.watch_live(live_pb2.WatchLiveRequest(camera_uid=uid, rendition=rendition))
        try:
            with remote_errors("services/ingest"):
                async for message in call:
                    yield decode_live(message)
        finally:
            call.cancel()

    async def renditions(self, uid: str) -> list[live_pb2.Rendition]:
        answer = await self.live.ListRenditions(live_pb2.ListRenditionsRequest(camera_uid=uid))
        return list(answer.renditions)

    async def timeline(self, uid: str, start_ms: int, end_ms: int) -> storage_pb2.GetTimelineResponse:
        return await self.storage.GetTimeline(
            storage_pb2.GetTimelineRequest(camera_uid=uid, start_ms=start_ms, end_ms=end_ms),
            wait_for_ready=True,
        )


async def until(ask: Callable[[], Awaitable[Any]], holds: Callable[[Any], Any]) -> Any:
    """The first answer of which `holds`; asked again and again meanwhile."""
    async with asyncio.timeout(PATIENCE):
        while not holds(answer := await ask()):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return answer


def cluster_settings(folder: Path) -> ClusterSettings:
    return ClusterSettings(
        data_dir=folder,
        cluster_key=SecretStr("a cluster key that is long enough for a test"),
        ingest_address=f"127.0.0.1:{free_port()}",
        storage_address=f"127.0.0.1:{free_port()}",
        drain_seconds=5,
    )


def ingest_settings(cluster: ClusterSettings, **settings: Any) -> IngestSettings:
    """Those of `cluster`. Who watches waits for a picture as long as a busy machine may take to bring it."""
    values = {
        "listen": cluster.ingest_address,
        "source_networks": "127.0.0.0/8",
        "live_wait_seconds": PATIENCE,
        **settings,
    }
    return IngestSettings(**values)


@asynccontextmanager
async def running_storage(cluster: ClusterSettings) -> AsyncIterator[None]:
    settings = StorageSettings(listen=cluster.storage_address)
    STORAGE.copy_to(cluster.data_dir / "storage.db")
    async with run_storage(build_runtime("storage", cluster), settings):
        yield


@asynccontextmanager
async def running_ingest(cluster: ClusterSettings, **settings: Any) -> AsyncIterator[Client]:
    runtime = build_runtime("ingest", cluster)
    if "database_url" not in settings:
        INGEST.copy_to(cluster.data_dir / "ingest.db")
    async with run_ingest(runtime, ingest_settings(cluster, **settings)), client_of(cluster) as client:
        # Channels to one address share their connection, and storage may have found it closed before.
        await client.registry.ListCameras(camera_pb2.ListCamerasRequest(), wait_for_ready=True)
        yield replace(client, metrics=runtime.registry)


@asynccontextmanager
async def running_worker(
    cluster: ClusterSettings,
    database_url: str,
    folder: Path,
    name: str,
    *,
    address: str = "",
    **settings: Any,
) -> AsyncIterator[Client]:
    """One of several, with a spool of its own below `folder`. `address`: where it is reached; without, at a
    free port."""
    address = address or f"127.0.0.1:{free_port()}"
    async with running_ingest(
        cluster.model_copy(update={"ingest_address": address}),
        worker=name,
        advertise=address,
        database_url=database_url,
        spool_dir=folder / name,
        **settings,
    ) as client:
        yield client


@asynccontextmanager
async def client_of(cluster: ClusterSettings) -> AsyncIterator[Client]:
    runtime = build_runtime("gateway", cluster)
    async with (
        permitted_channel(runtime, cluster.ingest_address) as ingest,
        permitted_channel(runtime, cluster.storage_address) as storage,
    ):
        yield Client(
            camera_pb2_grpc.CameraRegistryStub(ingest),
            live_pb2_grpc.LiveStub(ingest),
            storage_pb2_grpc.StorageStub(storage),
            raw_stream(
                ingest,
                "/snowlight.api.ingest.v1.Live/WatchLive",
                live_pb2.WatchLiveRequest.SerializeToString,
            ),
            online_pb2_grpc.OnlineRatesStub(ingest),
            health_pb2_grpc.HealthReportsStub(ingest),
        )
