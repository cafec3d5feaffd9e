"""`snowlight ingest --workers 2`: one is killed, one only slow, one stopped, and at last all."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from services.ingest.shards.rendezvous import wanted_owners
from services.ingest.shards.repository import ShardRepository
from simulator.server import CameraServer
from snowlight.api.ingest.v1 import camera_pb2, live_pb2
from snowlight.api.storage.v1 import storage_pb2
from snowlight.clock import SystemClock
from snowlight.config import ClusterSettings
from snowlight.database import open_database
from snowlight.errors import SnowlightError, UnavailableError
from snowlight.rpc.status import remote_errors
from tests.rpc.ingest.cluster import Client, client_of, until
from tests.rpc.ingest.conftest import MIGRATIONS
from tests.rpc.ingest.process import environment
from tests.rpc.ingest.village import GATE
from tests.waiting import eventually

CAMERAS = 8
LONGEST_HOLE_MS = 30_000
"""On a machine that does something else as well; ten seconds by themselves (docs/sharding.md)."""
LONGEST_HAND_OVER_MS = 1_000
ROUNDING_MS = 5
WINDOW_MS = 3_600_000


@dataclass(frozen=True)
class Site:
    """Two workers of one parent, and cameras spread over them."""

    parent: Process
    workers: tuple[Client, Client]
    cameras: list[camera_pb2.Camera]
    database_url: str
    since_ms: int

    async def states(self) -> set[camera_pb2.CameraState.ValueType]:
        """Of all cameras, as the first worker tells."""
        found = set()
        for camera in self.cameras:
            request = camera_pb2.GetCameraRequest(name=camera.name)
            found.add((await self.workers[0].registry.GetCamera(request)).state)
        return found

    async def all_online(self) -> None:
        await until(self.states, lambda states: states == {camera_pb2.ONLINE})

    async def owners(self) -> dict[str, int]:
        """By uid, which worker has the camera."""
        found = {}
        for number, worker in enumerate(self.workers):
            for camera in self.cameras:
                with suppress(SnowlightError), remote_errors("services/ingest"):
                    await worker.status(camera.name)
                    found[camera.uid] = number
        return found

    async def spans(self, uid: str) -> list[tuple[int, int]]:
        """(start, end) of what lies in either spool or is committed, in order of time."""
        end_ms = self.since_ms + WINDOW_MS
        request = live_pb2.ListSpoolRequest(camera_uid=uid, start_ms=self.since_ms, end_ms=end_ms)
        found = {}
        for worker in self.workers:
            for file in (await worker.live.ListSpool(request)).files:
                found[file.epoch, file.sequence] = (file.start_ms, file.start_ms + file.duration_ms)
        stored = storage_pb2.ListSegmentsRequest(
            camera_uid=uid, start_ms=self.since_ms, end_ms=end_ms, without_fragments=True
        )
        for row in (await self.workers[0].storage.ListSegments(stored)).segments:
            found[row.epoch, row.sequence] = (row.start_ms, row.start_ms + row.duration_ms)
        return sorted(found.values())

    async def holes(self, uid: str, since_ms: int = 0) -> list[int]:
        """Ms between one recorded span and the next, from the one of `since_ms` on. Negative is what was
        recorded twice."""
        spans = [span for span in await self.spans(uid) if span[1] > since_ms]
        return [after[0] - before[1] for before, after in pairwise(spans)]

    async def recorded_until(self, time_ms: int) -> bool:
        """All cameras are recorded beyond `time_ms`."""
        try:
            with remote_errors("services/ingest"):
                return all([(await self.spans(camera.uid))[-1][1] > time_ms for camera in self.cameras])
        except UnavailableError:  # a worker is just not there
            return False

    async def balanced(self) -> None:
        """Wait until shards move no more."""
        async with open_database(self.database_url, service="ingest", migrations=MIGRATIONS) as database:
            shards = ShardRepository(database)

            async def is_balanced() -> bool:
                await asyncio.sleep(1)  # this process is the cameras, too
                rows, live = await shards.owners()
                weights = {worker.id: worker.weight for worker in live.values()}
                return len(live) == 2 and all(
                    row.owner == owner and not row.successor
                    for row, owner in zip(rows, wanted_owners(weights), strict=True)
                )

            await eventually(is_balanced, 90)

    def pids(self) -> list[int]:
        """Of the workers, by their number."""
        listed = Path(f"/proc/{self.parent.pid}/task/{self.parent.pid}/children").read_text().split()
        return sorted(map(int, listed), key=_number_of)


def _number_of(pid: int) -> str:
    told = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return next(each.decode() for each in told if each.startswith(b"SNOWLIGHT_INGEST_WORKER="))


@pytest.fixture
async def site(village: CameraServer, cluster: ClusterSettings, postgres_url: str) -> AsyncIterator[Site]:
    host, _, port = cluster.ingest_address.rpartition(":")
    second = cluster.model_copy(update={"ingest_address": f"{host}:{int(port) + 1}"})
    settings = environment(cluster) | {
        "SNOWLIGHT_INGEST_DATABASE_URL": postgres_url,
        "SNOWLIGHT_INGEST_ADDRESS": cluster.ingest_address,
    }
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services", "ingest", "--workers", "2"), env=settings
    )
    try:
        async with client_of(cluster) as one, client_of(second) as two:
            for worker in (one, two):
                await worker.registry.ListCameras(camera_pb2.ListCamerasRequest(), wait_for_ready=True)
            cameras = [await one.create(f"gate-{n}", village.url(GATE)) for n in range(CAMERAS)]
            site = Site(parent, (one, two), cameras, postgres_url, SystemClock().now_ms())
            await site.balanced()
            await site.all_online()
            yield site
    finally:
        if parent.returncode is None:
            parent.terminate()
        await parent.wait()


async def test_a_killed_worker_costs_its_cameras_some_seconds(site: Site) -> None:
    killed_ms = SystemClock().now_ms()
    os.kill(site.pids()[1], signal.SIGKILL)
    await eventually(lambda: site.recorded_until(killed_ms + LONGEST_HOLE_MS), 90)
    for camera in site.cameras:
        holes = await site.holes(camera.uid)
        assert all(-ROUNDING_MS <= hole <= LONGEST_HOLE_MS for hole in holes), holes


async def test_a_worker_that_was_only_slow_writes_nothing_into_its_successors_footage(site: Site) -> None:
    owners = await site.owners()
    slow = site.pids()[1]
    os.kill(slow, signal.SIGSTOP)
    await asyncio.sleep(20)
    os.kill(slow, signal.SIGCONT)
    awake_ms = SystemClock().now_ms()
    await site.balanced()
    await eventually(lambda: site.recorded_until(awake_ms + 5_000), 90)
    for camera in site.cameras:
        holes = await site.holes(camera.uid)
        assert all(hole >= -ROUNDING_MS for hole in holes), holes
        if owners[camera.uid] == 1:
            assert max(holes) < 20_000, "another worker went on with it before it woke"


async def test_a_worker_that_stops_and_comes_back_costs_its_cameras_nothing(site: Site) -> None:
    owners = await site.owners()
    stopped = site.pids()[1]
    stopped_ms = SystemClock().now_ms()
    os.kill(stopped, signal.SIGTERM)

    async def is_gone() -> bool:
        return not is_there(stopped)

    async def is_back() -> bool:
        return await site.owners() == owners

    await eventually(is_gone, 90)
    await eventually(is_back, 90)
    await site.all_online()
    back_ms = SystemClock().now_ms()
    await eventually(lambda: site.recorded_until(back_ms + 5_000), 90)
    for camera in site.cameras:
        holes = await site.holes(camera.uid, stopped_ms)
        assert all(-ROUNDING_MS <= hole <= LONGEST_HAND_OVER_MS for hole in holes), holes
        if owners[camera.uid] == 1:
            assert len(holes) >= 2, "it went to the other worker and came back"


async def test_a_stop_ends_all_processes(site: Site) -> None:
    pids = site.pids()
    site.parent.terminate()
    assert await site.parent.wait() == 0
    assert not any(map(is_there, pids))


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
