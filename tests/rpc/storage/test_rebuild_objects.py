"""The index made again: what can be read of an object counts, and what is foreign is told of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import obstore
import pytest

from services.storage.index.day_object import DayKey
from snowlight.api.storage.v1 import storage_pb2
from snowlight.object_store import ObjectStoreSettings
from tests.rpc.storage.bucket import opened, put, rows
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.objects import footage
from tests.rpc.storage.rebuilding import beside_a_county, lose_rows, rebuild
from tests.rpc.storage.recorded_days import DAY_MS, HOUR_MS, PACKED_MS, YESTERDAY_MS, minutes, pack

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cluster(database_url: str, tmp_path: Path, store: ObjectStoreSettings) -> Cluster:
    return Cluster(database_url, tmp_path, beside_a_county(store, tmp_path))


async def test_of_two_generations_the_newer_that_can_be_read_counts(cluster: Cluster) -> None:
    packed = minutes("cam", PACKED_MS, 10)
    async with cluster.ingest(), cluster.storage():
        await put(cluster, *packed)
        await pack(cluster, *packed[:5], generation=1)
        await pack(cluster, *packed[:8], generation=2)
        third = str(DayKey("cam", PACKED_MS // DAY_MS, 3))
        await obstore.put_async(opened(cluster), third, b"cut short")
        await lose_rows(cluster, "packed_days")
        told = await rebuild(cluster, "default")
        assert list(told.foreign) == [third]
        assert await rows(cluster, "packed_days", "generation", "objects") == [(2, 8)]
        assert len(await rows(cluster, "segments", "start_ms")) == 2, "what came after the day was packed"


@pytest.mark.parametrize("end", ["footer", "table", "nothing"])
async def test_what_keys_do_not_tell_is_read_from_the_object(cluster: Cluster, end: str) -> None:
    """Also from one that an older ingest wrote, and from one that was closed when the disk was full."""
    there = footage("cam", YESTERDAY_MS, end=end)  # type: ignore[arg-type]
    async with cluster.ingest(), cluster.storage() as storage:
        await put(cluster, there)
        await rebuild(cluster, "default")
        assert await rows(cluster, "segments", "fragments", "session") == [(b"", 0)]
        request = storage_pb2.ListSegmentsRequest(
            camera_uid="cam", start_ms=YESTERDAY_MS, end_ms=YESTERDAY_MS + DAY_MS
        )
        (found,) = (await storage.ListSegments(request)).segments
        expected = storage_pb2.Segment()
        expected.CopyFrom(there.segment)
        expected.ClearField("sha256")
        if end != "footer":
            expected.session = YESTERDAY_MS // 1000
        assert found == expected
        kept = await rows(cluster, "segments", "fragments", "session")
        assert kept == [(expected.fragments.SerializeToString(), expected.session)]


async def test_foreign_objects_are_told_of_and_left_alone(cluster: Cluster) -> None:
    there = footage("cam", YESTERDAY_MS)
    day = there.key.split("/")[2]
    foreign = {
        "rec/readme.txt",
        f"rec/cam/{day}/clip.mp4",
        there.key.replace(day, "20200101"),
        there.key.replace("-1-1-", "-0-1-"),
        "idx/cam/20200101-x.idx",
    }
    empty = footage("cam", YESTERDAY_MS + HOUR_MS).key
    async with cluster.ingest(), cluster.storage() as storage:
        await put(cluster, there)
        for key in foreign:
            await obstore.put_async(opened(cluster), key, b"something else")
        await obstore.put_async(opened(cluster), empty, b"")
        told = await rebuild(cluster, "default")
        assert set(told.foreign) == {*foreign, empty}
        assert told.objects == 1
        # A right name around something else is found out when it is asked for, and hides no other.
        wrong = footage("cam", YESTERDAY_MS + 2 * HOUR_MS)
        await obstore.put_async(opened(cluster), wrong.key, b"something else")
        await rebuild(cluster, "default")
        request = storage_pb2.ListSegmentsRequest(
            camera_uid="cam", start_ms=YESTERDAY_MS, end_ms=YESTERDAY_MS + DAY_MS
        )
        assert [each.key for each in (await storage.ListSegments(request)).segments] == [there.key]
