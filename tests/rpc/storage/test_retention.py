"""Retention deletes what is expired, and nothing else, through crashes and outages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import obstore
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from services.storage.app import MIGRATIONS
from services.storage.index.repository import KEY_COLUMNS
from simulator.ports import free_port
from snowlight.api.storage.v1 import storage_pb2
from snowlight.clock import SystemClock
from snowlight.database import open_database
from snowlight.media.fragment import ObjectKey
from snowlight.object_store import ObjectStoreSettings, open_store
from tests.rpc.storage.bucket import rows
from tests.rpc.storage.committing import commit, open_epoch
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.days import MINUTE_MS
from tests.rpc.storage.footage import segment
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from snowlight.api.storage.v1.storage_pb2_grpc import StorageAsyncStub as Storage


DAY_MS = 86_400_000
NOW_MS = SystemClock().now_ms()
OLD = segment("cam", NOW_MS - 3 * DAY_MS)
YOUNG = segment("cam", NOW_MS - DAY_MS)
STRANGER = segment("stranger", NOW_MS - 3 * DAY_MS)
ALL = (OLD, YOUNG, STRANGER)


@pytest.fixture
def cluster(database_url: str, tmp_path: Path, store: ObjectStoreSettings) -> Cluster:
    return Cluster(database_url, tmp_path, store)


async def put(cluster: Cluster, *segments: storage_pb2.Segment) -> None:
    for each in segments:
        await obstore.put_async(opened(cluster), each.key, b"footage")


def opened(cluster: Cluster) -> obstore.store.ObjectStore:
    return open_store(cluster.store, cluster.data_dir)


async def keys_in(cluster: Cluster) -> set[str]:
    return {meta["path"] for batch in obstore.list(opened(cluster), "rec") for meta in batch}


async def keys_of(storage: Storage, uid: str) -> list[str]:
    request = storage_pb2.ListSegmentsRequest(
        camera_uid=uid, start_ms=NOW_MS - 20 * DAY_MS, end_ms=NOW_MS, without_fragments=True
    )
    return [each.key for each in (await storage.ListSegments(request)).segments]


async def has_read_the_catalogue(cluster: Cluster) -> bool:
    return ("catalogue",) in await rows(cluster, "feeds", "name")


async def rows_of(cluster: Cluster) -> set[str]:
    """Keys of all rows, buried ones included."""
    async with (
        open_database(cluster.database_url, service="storage", migrations=MIGRATIONS) as database,
        database.read() as connection,
    ):
        rows = await connection.execute(sa.select(*KEY_COLUMNS))
        return {str(ObjectKey(*row)) for row in rows}


async def test_expired_footage_goes_and_the_rest_stays(cluster: Cluster) -> None:
    await cluster.registry.put("cam", retention_days=2, created_ms=NOW_MS - 10 * DAY_MS)
    async with cluster.ingest(), cluster.storage() as storage:
        await put(cluster, *ALL)
        await open_epoch(storage, 1)
        await commit(storage, *ALL)

        async def is_gone() -> bool:
            return await rows_of(cluster) == {YOUNG.key, STRANGER.key}

        await eventually(is_gone)
        assert await keys_in(cluster) == {YOUNG.key, STRANGER.key}, "what no camera is known of is kept"
        assert await keys_of(storage, "cam") == [YOUNG.key]
        assert await keys_of(storage, "stranger") == [STRANGER.key]


async def test_a_deleted_cameras_footage_goes_when_its_time_is_up(cluster: Cluster) -> None:
    await cluster.registry.put("cam", retention_days=2, created_ms=NOW_MS - 10 * DAY_MS)
    await cluster.registry.delete("cam")
    async with cluster.ingest(), cluster.storage() as storage:
        await put(cluster, *ALL)
        await open_epoch(storage, 1)
        await commit(storage, *ALL)

        async def is_gone() -> bool:
            return OLD.key not in await rows_of(cluster)

        await eventually(is_gone)
        assert await keys_of(storage, "cam") == [YOUNG.key]


async def test_a_sweep_that_died_half_way_is_finished_by_the_next(cluster: Cluster) -> None:
    """Between tombstone and row, with the object gone already."""
    await cluster.registry.put("cam", retention_days=2, created_ms=NOW_MS - 10 * DAY_MS)
    await put(cluster, YOUNG)
    async with cluster.ingest():
        async with cluster.storage(grace_seconds=3600) as storage:
            await open_epoch(storage, 1)
            await commit(storage, *ALL)

            async def is_buried() -> bool:
                return await keys_of(storage, "cam") == [YOUNG.key]

            await eventually(is_buried)
            assert OLD.key in await rows_of(cluster), "nobody is told of it, but it waits"
        async with cluster.storage():

            async def is_gone() -> bool:
                return await rows_of(cluster) == {YOUNG.key, STRANGER.key}

            await eventually(is_gone)


async def test_a_longer_retention_raises_what_was_only_buried(cluster: Cluster) -> None:
    await cluster.registry.put("cam", retention_days=2, created_ms=NOW_MS - 10 * DAY_MS)
    async with cluster.ingest():
        async with cluster.storage(grace_seconds=3600) as storage:
            await put(cluster, OLD)
            await open_epoch(storage, 1)
            await commit(storage, *ALL)

            async def is_buried() -> bool:
                return await keys_of(storage, "cam") == [YOUNG.key]

            await eventually(is_buried)
            await cluster.registry.put("cam", retention_days=5, created_ms=NOW_MS - 10 * DAY_MS)

            async def is_back() -> bool:
                return await keys_of(storage, "cam") == [OLD.key, YOUNG.key]

            await eventually(is_back)
        assert await keys_in(cluster) == {OLD.key}


async def test_an_outage_of_the_store_only_delays(database_url: str, tmp_path: Path) -> None:
    """The rows stay as long as the objects may."""
    away = ObjectStoreSettings(
        url="s3://away",
        endpoint=f"http://127.0.0.1:{free_port()}",
        access_key="nobody",
        secret_key=SecretStr("is there"),
    )
    there = ObjectStoreSettings(url=f"file://{tmp_path}/footage")
    cluster = Cluster(database_url, tmp_path, there)
    async with cluster.ingest():
        async with cluster.storage() as storage:
            await open_epoch(storage, 1)
            await commit(storage, *ALL)
            await eventually(lambda: has_read_the_catalogue(cluster))
        await cluster.registry.put("cam", retention_days=2, created_ms=NOW_MS - 10 * DAY_MS)
        cluster.store = away
        async with cluster.storage(probe_seconds=60):  # the sweeper is to find out

            async def has_failed() -> bool:
                return (cluster.metric("snowlight_storage_sweep_failures_total") or 0) > 0

            await eventually(has_failed)
            assert await rows_of(cluster) == {each.key for each in ALL}
        cluster.store = there
        await put(cluster, *ALL)
        async with cluster.storage():

            async def is_gone() -> bool:
                return OLD.key not in await rows_of(cluster)

            await eventually(is_gone)
    assert await keys_in(cluster) == {YOUNG.key, STRANGER.key}


async def test_a_file_that_cannot_be_deleted_stands_in_no_others_way(
    database_url: str, tmp_path: Path
) -> None:
    cluster = Cluster(database_url, tmp_path)
    stuck, free = segment("cam", NOW_MS - 3 * DAY_MS), segment("cam", NOW_MS - 3 * DAY_MS + MINUTE_MS)
    (tmp_path / "footage" / stuck.key / "a folder of that name").mkdir(parents=True)
    await put(cluster, free)
    await cluster.registry.put("cam", retention_days=2, created_ms=NOW_MS - 10 * DAY_MS)
    async with cluster.ingest(), cluster.storage() as storage:
        await open_epoch(storage, 1)
        await commit(storage, stuck, free)

        async def is_gone() -> bool:
            return cluster.metric("snowlight_storage_segments_deleted_total") == 1

        await eventually(is_gone)
        assert await rows_of(cluster) == {stuck.key}
        assert await keys_in(cluster) == set()
