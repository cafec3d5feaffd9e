"""A worker dies, or falls silent, while a camera goes from one to another: it is recorded by one of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa

from services.ingest.shards.lease import FENCE_SECONDS, HEARTBEAT_SECONDS
from services.ingest.shards.outlook import FEARED_MS, SILENT_MS
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import Worker
from simulator.loop.parameters import GOP_SECONDS
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.background import running
from snowlight.clock import SystemClock
from snowlight.database import Database, open_database
from snowlight.shards import SHARDS, shard_of
from tests.rpc.ingest.cluster import Client
from tests.rpc.ingest.conftest import MIGRATIONS
from tests.rpc.ingest.handing_over import (
    LONGEST_HOLE_MS,
    PATIENCE_S,
    ROUNDING_MS,
    Cluster,
    check_whole,
    holes,
    site,
    until_at,
)
from tests.rpc.ingest.village import GATE, fragments
from tests.waiting import eventually

__all__ = ("site",)  # fixtures

GHOST = Worker("ghost", "1", "")
"""Is in the database alone."""


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    async with open_database(postgres_url, service="ingest", migrations=MIGRATIONS) as database:
        yield database


async def until_given(shards: ShardRepository, shard: int) -> None:
    """Its owner has let go of the shard, for a successor that only says that it is ready."""
    await shards.join(GHOST)
    await shards.be_ready(GHOST, await shards.prepare(GHOST, range(SHARDS)))

    async def is_given() -> bool:
        await shards.beat(GHOST)
        return not (await shards.owners())[0][shard].owner

    await eventually(is_given, PATIENCE_S)


@asynccontextmanager
async def recording(site: Cluster) -> AsyncIterator[tuple[Client, list[camera_pb2.Camera]]]:
    """A worker alone that records a camera."""
    async with site.worker("one") as one:
        cameras = await site.cameras(one, 1)
        await until_at(one, cameras)
        yield one, cameras


async def test_a_successor_that_dies_before_it_is_ready_costs_nothing(
    site: Cluster, database: Database
) -> None:
    shards = ShardRepository(database)
    async with recording(site) as (one, cameras):
        await shards.join(GHOST)
        assert len(await shards.prepare(GHOST, range(SHARDS))) == SHARDS
        await until_expired(shards)
        await fragments(one, cameras[0].uid, 4)
    await check_whole(site, cameras, epochs=1)


async def test_what_a_successor_does_not_take_any_more_its_owner_takes_again(
    site: Cluster, database: Database
) -> None:
    shards = ShardRepository(database)
    async with recording(site) as (one, cameras):
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
    async with recording(site) as (one, cameras):
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
