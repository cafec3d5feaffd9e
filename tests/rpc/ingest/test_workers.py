"""Two workers on one database: each tells of all cameras, and gateways find the one that has a camera."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.gateway.ingest_workers import IngestWorkers, Worker
from simulator.ports import free_port
from simulator.server import CameraServer
from snowlight.api.ingest.v1 import camera_pb2, live_pb2
from snowlight.config import ClusterSettings
from snowlight.errors import FailedPreconditionError, UnavailableError
from snowlight.media.envelope import decode_live, decode_spool_data
from snowlight.media.fragment import Fragment
from snowlight.rpc.status import remote_errors
from snowlight.runtime import build_runtime
from tests.rpc.ingest.cluster import Client, running_ingest, until
from tests.rpc.ingest.village import GATE, fragments


@dataclass(frozen=True)
class Pair:
    """Two workers, the first of which has the camera, and where it is reached."""

    one: Client
    two: Client
    address: str
    other: ClusterSettings
    """How the second one is reached."""
    camera: camera_pb2.Camera


@pytest.fixture
async def pair(
    village: CameraServer, cluster: ClusterSettings, postgres_url: str, tmp_path: Path
) -> AsyncIterator[Pair]:
    address = cluster.ingest_address
    other = cluster.model_copy(update={"ingest_address": f"127.0.0.1:{free_port()}"})
    settings = {"database_url": postgres_url}
    second = {"worker": "two", "weight": 0, "advertise": other.ingest_address, "spool_dir": tmp_path / "two"}
    async with running_ingest(
        cluster, worker="one", advertise=address, spool_dir=tmp_path / "one", **settings
    ) as one:
        camera = await one.create("gate", village.url(GATE))
        await fragments(one, camera.uid, 1)
        async with running_ingest(other, **second, **settings) as two:
            yield Pair(one, two, address, other, camera)


@asynccontextmanager
async def workers_behind(cluster: ClusterSettings) -> AsyncIterator[IngestWorkers]:
    """As a gateway has them that reaches ingest there."""
    runtime = build_runtime("gateway", cluster)
    channels = [runtime.channel(cluster.ingest_address)]

    def connect(address: str) -> Worker:
        channels.append(runtime.channel(address))
        return Worker.of(channels[-1])

    try:
        yield IngestWorkers(Worker.of(channels[0]), connect, 10.0)
    finally:
        for channel in channels:
            await channel.close()


async def test_a_worker_names_the_owner_of_a_camera_that_it_has_not(pair: Pair) -> None:
    async def refusal() -> FailedPreconditionError | None:
        try:
            with remote_errors("services/ingest"):
                await pair.two.status(pair.camera.name)
        except UnavailableError:  # it has not looked around yet
            return None
        except FailedPreconditionError as error:
            return error
        raise AssertionError("the camera is the other's")

    error = await until(refusal, lambda error: error is not None)
    assert (error.code, error.metadata) == ("ingest.wrong_worker", {"owner": pair.address})
    with pytest.raises(FailedPreconditionError, match=r"ingest\.wrong_worker"):
        await anext(pair.two.watch(pair.camera.uid))


async def test_each_worker_tells_what_all_cameras_do(pair: Pair) -> None:
    async def told() -> camera_pb2.Camera:
        return await pair.two.registry.GetCamera(camera_pb2.GetCameraRequest(name=pair.camera.name))

    await until(told, lambda camera: camera.state == camera_pb2.ONLINE)
    await pair.one.update(pair.camera.name, enabled=False)
    await until(told, lambda camera: camera.state == camera_pb2.DISABLED)


async def test_a_gateway_reaches_the_owner_through_any_worker(pair: Pair) -> None:
    uid = pair.camera.uid
    async with workers_behind(pair.other) as workers:

        async def picture() -> Fragment | None:
            try:
                async for message in workers.watch_live(live_pb2.WatchLiveRequest(camera_uid=uid)):
                    event = decode_live(message)
                    if isinstance(event, Fragment):
                        return event
            except (FailedPreconditionError, UnavailableError):
                return None
            return None

        seen = await until(picture, lambda fragment: fragment is not None)
        assert (await workers.status(pair.camera)).state == camera_pb2.ONLINE
        wish = live_pb2.ListSpoolRequest(camera_uid=uid, start_ms=seen.start_ms, end_ms=seen.end_ms)
        (file,) = (await workers.list_spool(wish)).files
        (message,) = await workers.read_spool(
            live_pb2.ReadSpoolRequest(camera_uid=uid, key=file.key, length=file.init_size)
        )
        assert decode_spool_data(message)[4:8] == b"ftyp"
