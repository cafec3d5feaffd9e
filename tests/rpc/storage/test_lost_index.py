"""A database is lost and nobody has rebuilt the index yet: index objects are not wasted meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import obstore
import pytest

from services.storage.index.day_object import DayKey
from snowlight.api.storage.v1 import storage_pb2
from snowlight.object_store import ObjectStoreSettings
from tests.rpc.storage.bucket import is_flushed, keys, lose_database, opened, put, rows
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.lying import Answer, Lying, every_other, truthful
from tests.rpc.storage.objects import Footage, footage
from tests.rpc.storage.rebuilding import rebuild
from tests.rpc.storage.recorded_days import (
    CREATED_MS,
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    PACKED_MS,
    YESTERDAY_MS,
    minutes,
    pack,
)
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from snowlight.api.storage.v1.storage_pb2_grpc import StorageAsyncStub as Storage
    from tests.parts.minio import MinioServer


AT_ONCE = {"reconcile_first_seconds": 0.0, "reconcile_hours": 0.2 / 3600, "reconcile_grace_seconds": 0.0}
INDEX_OBJECT = str(DayKey("cam", PACKED_MS // DAY_MS, 1))


@pytest.fixture
def cluster(database_url: str, tmp_path: Path, store: ObjectStoreSettings) -> Cluster:
    return Cluster(database_url, tmp_path, store)


async def record_and_lose(cluster: Cluster, packed: list[Footage]) -> None:
    """A packed day of a camera that the catalogue knows, then no database any more."""
    await cluster.registry.put("cam", retention_days=30, created_ms=CREATED_MS)
    async with cluster.storage():
        await put(cluster, *packed)
        await pack(cluster, *packed)

        async def is_kept() -> bool:
            return "meta/cameras/cam.pb" in keys(cluster, "meta") and await is_flushed(cluster)

        await eventually(is_kept)
    await lose_database(cluster)
    cluster.storage_settings = dict(AT_ONCE)


async def causes(storage: Storage, count: int) -> list[tuple[int, int, str]]:
    """Gaps of the packed day's first minutes, in minutes."""
    request = storage_pb2.GetTimelineRequest(
        camera_uid="cam", start_ms=PACKED_MS, end_ms=PACKED_MS + count * MINUTE_MS
    )
    return [
        ((each.start_ms - PACKED_MS) // MINUTE_MS, (each.end_ms - PACKED_MS) // MINUTE_MS, each.cause)
        for each in (await storage.GetTimeline(request)).gaps
    ]


async def test_lost_footage_is_told_of_although_its_index_was_lost_too(cluster: Cluster) -> None:
    """The index object is all that tells of it: it stays until a rebuild has read it."""
    packed, there = minutes("cam", PACKED_MS, 5), footage("cam", YESTERDAY_MS)
    async with cluster.ingest():
        await record_and_lose(cluster, packed)
        await obstore.delete_async(opened(cluster), [each.key for each in packed])
        if cluster.store.bucket is None:
            for folder in (cluster.data_dir / "footage/rec/cam").glob("*"):
                folder.rmdir()
        await put(cluster, there)
        async with cluster.storage() as storage:

            async def is_compared() -> bool:
                return bool(await rows(cluster, "checked_days"))

            await eventually(is_compared, 60)
            assert keys(cluster, "idx") == {INDEX_OBJECT}
            await rebuild(cluster)
            assert await causes(storage, 5) == [(0, 5, "lost_object")]


async def test_a_day_is_entered_by_its_index_object_before_its_objects_are_adopted(
    cluster: Cluster,
) -> None:
    packed = minutes("cam", PACKED_MS, 6)
    late = footage("cam", PACKED_MS + 5 * HOUR_MS, sequence=9)
    async with cluster.ingest():
        await record_and_lose(cluster, packed)
        await put(cluster, late)
        await obstore.delete_async(opened(cluster), packed[1].key)
        async with cluster.storage() as storage:

            async def is_whole() -> bool:
                request = storage_pb2.ListSegmentsRequest(
                    camera_uid="cam", start_ms=PACKED_MS, end_ms=PACKED_MS + DAY_MS
                )
                listed = list((await storage.ListSegments(request)).segments)
                for each in listed:
                    if each.key == late.key:
                        each.sha256 = late.segment.sha256  # it is made up in time
                return listed == [each.segment for each in (packed[0], *packed[2:], late)]

            await eventually(is_whole, 60)
            assert await causes(storage, 6) == [(1, 2, "lost_object")]
            days = await rows(cluster, "packed_days", "generation", "objects")
            assert days == [(1, 4)]


@pytest.mark.parametrize("answer", [truthful, every_other])
async def test_an_index_object_is_believed_before_a_list(
    database_url: str, tmp_path: Path, minio_server: MinioServer, answer: Answer
) -> None:
    network = Lying(minio_server.endpoint)
    described = minio_server.store(minio_server.create_bucket())
    cluster = Cluster(database_url, tmp_path, described)
    packed = minutes("cam", PACKED_MS, 6)
    async with network.serving(), cluster.ingest():
        await record_and_lose(cluster, packed)
        cluster.store = described.model_copy(update={"endpoint": network.endpoint})
        network.answer = answer
        async with cluster.storage() as storage:

            async def is_entered() -> bool:
                return await rows(cluster, "packed_days", "generation", "objects") == [(1, 6)]

            await eventually(is_entered, 60)

            async def is_compared() -> bool:
                return bool(await rows(cluster, "checked_days"))

            await eventually(is_compared, 60)
            assert not await rows(cluster, "segments", "start_ms")
            assert not await rows(cluster, "gaps")
            assert await causes(storage, 6) == []
