"""Objects without a row: footage is adopted, what was superseded or is foreign is set aside."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import obstore
import pytest

from snowlight.api.storage.v1 import storage_pb2
from snowlight.object_store import ObjectStoreSettings
from tests.rpc.storage.bucket import keys, opened, put, rows
from tests.rpc.storage.committing import COMMITTED, SUPERSEDED, commit
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.objects import footage
from tests.rpc.storage.reconciling import AT_ONCE, checked_twice, listed, record
from tests.rpc.storage.recorded_days import DAY_MS, MINUTE_MS, PACKED_MS, YESTERDAY_MS, minutes, pack
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cluster(database_url: str, tmp_path: Path, store: ObjectStoreSettings) -> Cluster:
    cluster = Cluster(database_url, tmp_path, store)
    cluster.storage_settings = dict(AT_ONCE)
    return cluster


async def test_an_object_without_a_row_is_adopted(cluster: Cluster) -> None:
    orphan = footage("cam", YESTERDAY_MS)
    unknown = footage("nobody-knows", YESTERDAY_MS)
    async with cluster.ingest(), cluster.storage() as storage:
        await put(cluster, orphan, unknown)

        async def are_adopted() -> bool:
            return len(await rows(cluster, "segments")) == 2

        await eventually(are_adopted)
        request = storage_pb2.ListSegmentsRequest(
            camera_uid="cam", start_ms=YESTERDAY_MS, end_ms=YESTERDAY_MS + DAY_MS
        )

        (adopted,) = (await storage.ListSegments(request)).segments
        expected = storage_pb2.Segment()
        expected.CopyFrom(orphan.segment)
        expected.ClearField("sha256")
        assert adopted == expected, "nobody committed a hash"

        async def are_hashed() -> bool:
            hashes = {sha256(each.data).digest() for each in (orphan, unknown)}
            return {row[0] for row in await rows(cluster, "found_hashes", "sha256")} == hashes

        await eventually(are_hashed)


async def test_what_was_adopted_gives_way_to_a_newer_owner(cluster: Cluster) -> None:
    """Whose backlog comes later: every second is there once."""
    orphan = footage("cam", YESTERDAY_MS)
    newer = footage("cam", YESTERDAY_MS + 30_000, epoch=2)
    async with cluster.ingest():
        await record(cluster, footage("other", YESTERDAY_MS, epoch=2), epoch=2)
        await put(cluster, orphan)
        async with cluster.storage():

            async def is_adopted() -> bool:
                return len(await rows(cluster, "segments", "start_ms")) == 2

            await eventually(is_adopted)
        cluster.storage_settings = {}
        async with cluster.storage() as storage:
            await put(cluster, newer)
            assert await commit(storage, newer.segment) == [COMMITTED]
            assert await listed(storage) == {newer.key}


async def test_a_young_object_is_left_to_its_spool(cluster: Cluster) -> None:
    there, young = footage("cam", YESTERDAY_MS), footage("cam", YESTERDAY_MS + MINUTE_MS)
    async with cluster.ingest():
        await record(cluster, there)
    cluster.storage_settings["reconcile_grace_seconds"] = 3600.0
    async with cluster.ingest(), cluster.storage() as storage:
        await put(cluster, young)
        await checked_twice(cluster)
        assert len(await rows(cluster, "segments")) == 1
        assert await commit(storage, young.segment) == [COMMITTED]


async def test_what_was_superseded_is_set_aside(cluster: Cluster) -> None:
    newer = minutes("cam", YESTERDAY_MS, 3, epoch=2)
    packed = minutes("cam", PACKED_MS, 3, epoch=2)
    refused = footage("cam", YESTERDAY_MS + 30_000, epoch=1, sequence=7)
    in_packed = footage("cam", PACKED_MS + 30_000, epoch=1, sequence=7)
    async with cluster.ingest():
        await record(cluster, *newer, epoch=2)
    await put(cluster, *packed, refused, in_packed)
    await pack(cluster, *packed)
    async with cluster.ingest(), cluster.storage() as storage:
        assert await commit(storage, refused.segment) == [SUPERSEDED]

        async def are_aside() -> bool:
            return not keys(cluster, "rec") & {refused.key, in_packed.key}

        await eventually(are_aside)
        assert keys(cluster, "aside") == {f"aside/{each.key}" for each in (refused, in_packed)}
        assert {row[2] for row in await rows(cluster, "set_aside")} == {"superseded"}
        assert len(await rows(cluster, "segments")) == 3


async def test_foreign_objects_are_noted_where_they_are(cluster: Cluster) -> None:
    there = footage("cam", YESTERDAY_MS)
    date = there.key.split("/")[2]
    foreign = {
        "rec/readme.txt",
        "rec/cam/readme.txt",
        "rec/cam/holiday/clip.mp4",
        f"rec/cam/{date}/clip.mp4",
        there.key.replace(date, "20200101"),
    }
    wrong = footage("cam", YESTERDAY_MS + MINUTE_MS)
    swapped = footage("cam", YESTERDAY_MS + 2 * MINUTE_MS)
    async with cluster.ingest():
        await record(cluster, there)
    for key in foreign:
        await obstore.put_async(opened(cluster), key, b"something else")
    await obstore.put_async(opened(cluster), wrong.key, b"something else under a right name")
    await obstore.put_async(opened(cluster), swapped.key, there.data)
    async with cluster.ingest(), cluster.storage():

        async def are_noted() -> bool:
            noted = {row[1] for row in await rows(cluster, "set_aside")}
            left = keys(cluster, "rec")
            return noted == {*foreign, wrong.key, swapped.key} and left == {*foreign, there.key}

        await eventually(are_noted)
        assert keys(cluster, "aside") == {f"aside/{each.key}" for each in (wrong, swapped)}
        assert len(await rows(cluster, "segments")) == 1
