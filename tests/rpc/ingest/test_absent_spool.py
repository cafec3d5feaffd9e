"""A worker that is gone with its spool: no minute of it is missing without a cause."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.ingest.shards.repository import ShardRepository
from simulator.ports import free_port
from simulator.server import CameraServer
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.clock import SystemClock
from snowlight.config import ClusterSettings
from snowlight.database import open_database
from snowlight.errors import SnowlightError
from snowlight.media.fragment import Fragment
from snowlight.rpc.status import remote_errors
from tests.rpc.ingest.cluster import Client, client_of, running_ingest
from tests.rpc.ingest.conftest import MIGRATIONS
from tests.rpc.ingest.process import environment
from tests.rpc.ingest.village import GATE, fragments
from tests.waiting import eventually

PATIENCE_S = 90
HARDLY_ANY = 1e-6
"""The weight of a worker that has shards once no other one is there."""


@dataclass(frozen=True)
class Loss:
    """A camera whose worker was killed with minutes that are in no store, and the worker that has it now."""

    heir: Client
    camera: camera_pb2.Camera
    lost: Fragment
    spool: Path
    """Of the one that was killed."""

    async def causes(self) -> list[str]:
        """Of what is missing of what the killed worker had recorded, some seconds before its end."""
        with remote_errors("services/storage"):
            told = await self.heir.timeline(self.camera.uid, self.lost.start_ms, self.lost.end_ms)
        return [gap.cause for gap in told.gaps]

    async def until_missing_as(self, *causes: str) -> None:
        async def is_so() -> bool:
            return await self.causes() == list(causes)

        await eventually(is_so, PATIENCE_S)


@dataclass(frozen=True)
class Site:
    """Storage, a database and a camera."""

    cluster: ClusterSettings
    village: CameraServer
    database_url: str
    folder: Path

    @asynccontextmanager
    async def doomed(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """The worker "one" as a process; SIGKILL at the end."""
        settings = {
            "WORKER": "one",
            "DATABASE_URL": self.database_url,
            "ADVERTISE": self.cluster.ingest_address,
            "SPOOL_DIR": str(self.folder / "one"),
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.ingest"),
            env=environment(self.cluster)
            | {f"SNOWLIGHT_INGEST_{name}": value for name, value in settings.items()},
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    @asynccontextmanager
    async def heir(self, grace_hours: float) -> AsyncIterator[Client]:
        address = f"127.0.0.1:{free_port()}"
        async with running_ingest(
            self.cluster.model_copy(update={"ingest_address": address}),
            worker="heir",
            weight=HARDLY_ANY,
            advertise=address,
            spool_dir=self.folder / "heir",
            database_url=self.database_url,
            spool_grace_hours=grace_hours,
            live_wait_seconds=20.0,
        ) as client:
            yield client

    async def heard_of(self, worker: str, time_ms: int) -> None:
        """Wait until the database has heard of the worker after `time_ms`: it is known to have lived then."""
        async with open_database(self.database_url, service="ingest", migrations=MIGRATIONS) as database:
            shards = ShardRepository(database)

            async def is_heard() -> bool:
                _, live = await shards.owners()
                return SystemClock().now_ms() - live[worker].silent_ms > time_ms

            await eventually(is_heard, PATIENCE_S)

    @asynccontextmanager
    async def loss(self, grace_hours: float = 24.0) -> AsyncIterator[Loss]:
        async with AsyncExitStack() as rest, AsyncExitStack() as first:
            await first.enter_async_context(self.doomed())
            one = await rest.enter_async_context(client_of(self.cluster))
            await one.registry.ListCameras(camera_pb2.ListCamerasRequest(), wait_for_ready=True)
            heir = await rest.enter_async_context(self.heir(grace_hours))
            camera = await one.create("gate", self.village.url(GATE))
            await one.until_state(camera.name, camera_pb2.ONLINE)
            _, lost = await fragments(one, camera.uid, 8)
            await self.heard_of("one", lost[0].end_ms)
            await first.aclose()

            async def is_taken() -> bool:
                with suppress(SnowlightError), remote_errors("services/ingest"):
                    return (await heir.status(camera.name)).state == camera_pb2.ONLINE
                return False

            await eventually(is_taken, PATIENCE_S)
            yield Loss(heir, camera, lost[0], self.folder / "one")


@pytest.fixture
async def site(village: CameraServer, cluster: ClusterSettings, postgres_url: str, tmp_path: Path) -> Site:
    return Site(cluster, village, postgres_url, tmp_path)


async def test_what_a_dead_worker_has_on_its_volume_is_there_once_it_is_back(site: Site) -> None:
    async with site.loss() as loss:
        await loss.until_missing_as("ingest_restart")
        async with site.doomed():
            await loss.until_missing_as()


async def test_what_a_worker_has_lost_that_comes_back_without_its_volume_is_told(site: Site) -> None:
    async with site.loss() as loss:
        await loss.until_missing_as("ingest_restart")
        shutil.rmtree(loss.spool)
        async with site.doomed():
            await loss.until_missing_as("spool_lost")


async def test_what_a_worker_has_that_stays_away_is_lost_after_a_while(site: Site) -> None:
    async with site.loss(grace_hours=0.001) as loss:
        await loss.until_missing_as("spool_lost")
