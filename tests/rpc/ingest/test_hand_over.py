"""Workers that are alive hand cameras over: nothing is missed, and nothing recorded twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.ingest.shards.lease import FENCE_SECONDS, HEARTBEAT_SECONDS
from services.ingest.shards.outlook import FEARED_MS, SILENT_MS
from services.ingest.shards.rendezvous import wanted_owner
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import Worker
from simulator.loop.parameters import GOP_SECONDS
from simulator.ports import free_port
from simulator.server import CameraServer
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.api.storage.v1 import storage_pb2
from snowlight.background import running
from snowlight.clock import SystemClock
from snowlight.config import ClusterSettings
from snowlight.database import Database, open_database
from snowlight.errors import SnowlightError
from snowlight.media.fragment import Fragment
from snowlight.rpc.status import remote_errors
from snowlight.shards import SHARDS, shard_of
from tests.rpc.ingest.cluster import Client, client_of, running_ingest
from tests.rpc.ingest.conftest import MIGRATIONS
from tests.rpc.ingest.village import GATE, fragments, later_gaps
from tests.waiting import eventually

CAMERAS = 6
LONGEST_HOLE_MS = 1000
ROUNDING_MS = 5
PATIENCE_S = 90
GHOST = Worker("ghost", "1", "")
"""Is in the database alone."""


@dataclass(frozen=True)
class Cluster:
    """Storage, a database for workers, and cameras."""

    settings: ClusterSettings
    village: CameraServer
    database_url: str
    folder: Path

    @asynccontextmanager
    async def worker(self, name: str, weight: float = 1.0) -> AsyncIterator[Client]:
        """It stops at the end, and all it has recorded is committed then."""
        address = f"127.0.0.1:{free_port()}"
        settings = self.settings.model_copy(update={"ingest_address": address, "drain_seconds": PATIENCE_S})
        async with running_ingest(
            settings,
            worker=name,
            weight=weight,
            advertise=address,
            spool_dir=self.folder / name,
            database_url=self.database_url,
        ) as client:
            yield client

    async def cameras(self, worker: Client, count: int = CAMERAS) -> list[camera_pb2.Camera]:
        """So many new ones."""
        return [await worker.create(f"gate-{n}", self.village.url(GATE)) for n in range(count)]

    async def segments(self, camera: camera_pb2.Camera) -> Sequence[storage_pb2.Segment]:
        """All that is committed of a camera, in order of time."""
        request = storage_pb2.ListSegmentsRequest(
            camera_uid=camera.uid,
            start_ms=camera.create_time.ToMilliseconds(),
            end_ms=camera.create_time.ToMilliseconds() + 3_600_000,
            without_fragments=True,
        )
        async with client_of(self.settings) as client:
            answer = await client.storage.ListSegments(request, wait_for_ready=True)
        return sorted(answer.segments, key=lambda segment: segment.start_ms)


@pytest.fixture
async def site(village: CameraServer, cluster: ClusterSettings, postgres_url: str, tmp_path: Path) -> Cluster:
    return Cluster(cluster, village, postgres_url, tmp_path)


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    async with open_database(postgres_url, service="ingest", migrations=MIGRATIONS) as database:
        yield database


async def until_at(
    worker: Client,
    cameras: Sequence[camera_pb2.Camera],
    state: camera_pb2.CameraState.ValueType = camera_pb2.ONLINE,
) -> None:
    """Wait until `worker` has all of `cameras`, and each is in `state`."""

    async def are_there() -> bool:
        with suppress(SnowlightError), remote_errors("services/ingest"):
            return all([(await worker.status(camera.name)).state == state for camera in cameras])
        return False

    await eventually(are_there, PATIENCE_S)


def holes(segments: Sequence[storage_pb2.Segment]) -> list[int]:
    """Ms between one segment and the next. Negative is what was recorded twice."""
    return [after.start_ms - before.start_ms - before.duration_ms for before, after in pairwise(segments)]


async def check_whole(site: Cluster, cameras: Sequence[camera_pb2.Camera], epochs: int) -> None:
    """Each camera was recorded in so many epochs, without a hole."""
    for camera in cameras:
        segments = await site.segments(camera)
        assert len({segment.epoch for segment in segments}) == epochs
        found = holes(segments)
        assert all(-ROUNDING_MS <= hole <= LONGEST_HOLE_MS for hole in found), found


async def last_segment(worker: Client, camera: camera_pb2.Camera) -> int:
    """Media sequence number of the last fragment that a viewer gets before it is sent away."""
    last = 0
    with suppress(SnowlightError):
        async for event in worker.watch(camera.uid):
            if isinstance(event, Fragment):
                last = event.segment
    assert last
    return last


async def test_a_worker_that_joins_goes_on_where_the_other_one_ended(site: Cluster) -> None:
    async with AsyncExitStack() as workers:
        one = await workers.enter_async_context(site.worker("one", weight=0))
        cameras = await site.cameras(one)
        await until_at(one, cameras)
        last_there = asyncio.create_task(last_segment(one, cameras[0]))
        two = await workers.enter_async_context(site.worker("two"))
        await until_at(two, cameras)
        for camera in cameras:
            _, after = await fragments(two, camera.uid, 4)
            assert later_gaps(await two.status(camera.name), camera) == []
            if camera is cameras[0]:
                assert await last_there < after[0].segment
    await check_whole(site, cameras, epochs=2)


async def test_a_worker_that_stops_gives_its_cameras_away_without_a_hole(site: Cluster) -> None:
    async with AsyncExitStack() as rest, AsyncExitStack() as first:
        one = await first.enter_async_context(site.worker("one"))
        cameras = await site.cameras(one)
        await until_at(one, cameras)
        two = await rest.enter_async_context(site.worker("two"))
        moving = [
            camera for camera in cameras if wanted_owner(shard_of(camera.uid), {"one": 1, "two": 1}) == "two"
        ]
        await until_at(two, moving)
        await first.aclose()
        await until_at(two, cameras)
        for camera in cameras:
            await fragments(two, camera.uid, 4)
    await check_whole(site, cameras, epochs=2)


async def test_cameras_that_publish_or_are_away_hold_up_nobody(site: Cluster) -> None:
    async with AsyncExitStack() as workers:
        one = await workers.enter_async_context(site.worker("one", weight=0))
        cameras = await site.cameras(one, 1)
        publisher = await one.create("publisher", "push:")
        away = await one.create("away", f"rtsp://127.0.0.1:{free_port()}/away")
        await until_at(one, cameras)
        await until_at(one, [publisher, away], camera_pb2.OFFLINE)
        two = await workers.enter_async_context(site.worker("two"))
        await until_at(two, [publisher, away], camera_pb2.OFFLINE)
        await until_at(two, cameras)
        await fragments(two, cameras[0].uid, 4)
    await check_whole(site, cameras, epochs=2)


async def until_given(shards: ShardRepository, shard: int) -> None:
    """Its owner has let go of the shard, for a successor that only says that it is ready."""
    await shards.join(GHOST)
    await shards.be_ready(GHOST, await shards.prepare(GHOST, range(SHARDS)))

    async def is_given() -> bool:
        await shards.beat(GHOST)
        return not (await shards.owners())[0][shard].owner

    await eventually(is_given, PATIENCE_S)


async def test_a_successor_that_dies_before_it_is_ready_costs_nothing(
    site: Cluster, database: Database
) -> None:
    shards = ShardRepository(database)
    async with site.worker("one") as one:
        cameras = await site.cameras(one, 1)
        await until_at(one, cameras)
        await shards.join(GHOST)
        assert len(await shards.prepare(GHOST, range(SHARDS))) == SHARDS
        await until_expired(shards)
        await fragments(one, cameras[0].uid, 4)
    await check_whole(site, cameras, epochs=1)


async def test_what_a_successor_does_not_take_any_more_its_owner_takes_again(
    site: Cluster, database: Database
) -> None:
    shards = ShardRepository(database)
    async with site.worker("one") as one:
        cameras = await site.cameras(one, 1)
        await until_at(one, cameras)
        await until_given(shards, shard_of(cameras[0].uid))
        await until_at(one, cameras)
        await fragments(one, cameras[0].uid, 4)
    segments = await site.segments(cameras[0])
    assert len({segment.epoch for segment in segments}) == 2
    assert min(holes(segments)) >= -ROUNDING_MS


async def test_what_a_successor_was_given_that_fell_silent_its_owner_takes_back_before_it_counts_as_dead(
    site: Cluster, database: Database
) -> None:
    shards = ShardRepository(database)
    async with site.worker("one") as one:
        cameras = await site.cameras(one, 1)
        await until_at(one, cameras)
        await until_given(shards, shard_of(cameras[0].uid))
        async with silent(database, SILENT_MS):
            await until_at(one, cameras)
            assert GHOST.id in (await shards.owners())[1]
            await fragments(one, cameras[0].uid, 4)
    assert min(holes(await site.segments(cameras[0]))) >= -ROUNDING_MS


async def test_cameras_of_a_worker_that_fell_silent_are_connected_to_before_it_counts_as_dead(
    site: Cluster, database: Database
) -> None:
    shards = ShardRepository(database)
    await shards.join(GHOST)
    async with site.worker("heir", weight=1e-6) as heir:
        await site.cameras(heir, 1)

        async def are_connected_to() -> bool:
            return bool(site.village.clients(GATE))

        async with beating(shards, GHOST):
            await asyncio.sleep(2 * HEARTBEAT_SECONDS)
            assert not site.village.clients(GATE)
        async with silent(database, FEARED_MS):
            await eventually(are_connected_to, PATIENCE_S)
            rows, live = await shards.owners()
            assert GHOST.id in live
            assert {row.owner for row in rows} == {GHOST.id}
        async with beating(shards, GHOST):

            async def are_left() -> bool:
                return not site.village.clients(GATE)

            await eventually(are_left, PATIENCE_S)


async def test_a_successor_whose_owner_dies_goes_on_with_what_it_holds(
    site: Cluster, database: Database
) -> None:
    shards = ShardRepository(database)
    ghost = replace(GHOST, weight=0.0)
    await shards.join(ghost)
    async with AsyncExitStack() as workers:
        async with beating(shards, ghost):
            async with site.worker("two", weight=0) as two:
                cameras = await site.cameras(two, 1)
            two = await workers.enter_async_context(site.worker("two"))

            async def is_ready() -> bool:
                return (await shards.owners())[0][shard_of(cameras[0].uid)].ready

            await eventually(is_ready, PATIENCE_S)
        async with database.read() as connection:
            heard = sa.text("SELECT heartbeat_ms FROM workers WHERE id = 'ghost'")
            heard_ms = int(await connection.scalar(heard) or 0)
        await until_at(two, cameras)
        await fragments(two, cameras[0].uid, 4)
    begin_ms = (await site.segments(cameras[0]))[0].start_ms - heard_ms - int(FENCE_SECONDS * 1000)
    assert 0 <= begin_ms <= 1000 * GOP_SECONDS + LONGEST_HOLE_MS, "it had the key frame when it took over"


@asynccontextmanager
async def beating(shards: ShardRepository, worker: Worker) -> AsyncIterator[None]:
    """The worker is alive inside."""

    async def beat() -> None:
        while True:
            await shards.beat(worker)
            await asyncio.sleep(HEARTBEAT_SECONDS / 2)

    async with running(beat()):
        yield


@asynccontextmanager
async def silent(database: Database, silent_ms: int) -> AsyncIterator[None]:
    """The ghost was heard of a little longer ago than `silent_ms` inside, for ever."""
    heard = sa.text("UPDATE workers SET heartbeat_ms = :heard WHERE id = 'ghost'")

    async def hush() -> None:
        while True:
            async with database.write() as connection:
                await connection.execute(heard, {"heard": SystemClock().now_ms() - silent_ms - 500})
            await asyncio.sleep(0.2)

    async with running(hush()):
        yield


async def until_expired(shards: ShardRepository) -> None:
    """Wait until the others know that the ghost is dead."""

    async def is_expired() -> bool:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        return GHOST.id not in (await shards.owners())[1]

    await eventually(is_expired, PATIENCE_S)
