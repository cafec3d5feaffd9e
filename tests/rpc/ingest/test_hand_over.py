"""Workers that are alive hand cameras over: nothing is missed, and nothing recorded twice."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress

from services.ingest.shards.rendezvous import wanted_owners
from simulator.ports import free_port
from snowlight.api.ingest.v1 import camera_pb2, health_pb2
from snowlight.errors import SnowlightError
from snowlight.media.fragment import Fragment
from snowlight.shards import shard_of
from tests.rpc.ingest.cluster import Client
from tests.rpc.ingest.handing_over import PATIENCE_S, Cluster, check_whole, site, until_at
from tests.rpc.ingest.village import fragments, later_gaps
from tests.waiting import eventually

__all__ = ("site",)  # fixtures


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
        owners = wanted_owners({"one": 1, "two": 1})
        moving = [camera for camera in cameras if owners[shard_of(camera.uid)] == "two"]
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


async def test_how_well_a_camera_comes_is_told_by_the_worker_that_has_it_now(site: Cluster) -> None:
    async with AsyncExitStack() as workers:
        one = await workers.enter_async_context(site.worker("one", weight=0))
        (camera,) = await site.cameras(one, 1)
        await until_at(one, [camera])
        two = await workers.enter_async_context(site.worker("two"))
        await until_at(two, [camera])

        async def is_told() -> bool:
            wish = health_pb2.GetCameraHealthRequest(name=camera.name)
            return (await two.health.GetCameraHealth(wish)).stream.bits_per_second > 0

        await eventually(is_told, PATIENCE_S)
