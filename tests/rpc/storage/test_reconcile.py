"""Bucket and index compared: what was deleted in silence or cut short is a gap, and nothing else is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import obstore
import pytest

from services.storage.index.day_object import DayKey
from snowlight.clock import SystemClock
from snowlight.object_store import ObjectStoreSettings
from tests.rpc.storage.bucket import insert, keys, opened, put, rows
from tests.rpc.storage.committing import commit, open_epoch
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.lying import Answer, Lying, cut_off, empty, every_other, truthful
from tests.rpc.storage.objects import footage
from tests.rpc.storage.reconciling import AT_ONCE, causes, checked_twice, record
from tests.rpc.storage.recorded_days import PACKED_MS, YESTERDAY_MS, minutes, pack
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.parts.minio import MinioServer

NOW_MS = SystemClock().now_ms()


@pytest.fixture
def cluster(database_url: str, tmp_path: Path, store: ObjectStoreSettings) -> Cluster:
    cluster = Cluster(database_url, tmp_path, store)
    cluster.storage_settings = dict(AT_ONCE)
    return cluster


async def test_what_is_right_stays_as_it_is(cluster: Cluster) -> None:
    there = minutes("cam", YESTERDAY_MS, 20)
    packed = minutes("cam", PACKED_MS, 20)
    async with cluster.ingest():
        await record(cluster, *there)
        await put(cluster, *packed)
        await pack(cluster, *packed)
        before = await rows(cluster, "segments"), await rows(cluster, "packed_days"), keys(cluster, "rec")
        async with cluster.storage():
            await checked_twice(cluster)
        assert (await rows(cluster, "segments"), await rows(cluster, "packed_days")) == before[:2]
        assert keys(cluster, "rec") == before[2]
        assert not await rows(cluster, "gaps")
        assert not await rows(cluster, "set_aside")


async def test_an_object_deleted_in_silence_is_a_gap_with_its_cause(cluster: Cluster) -> None:
    there = minutes("cam", YESTERDAY_MS, 10)
    async with cluster.ingest():
        await record(cluster, *there)
        async with cluster.storage() as storage:
            await checked_twice(cluster)
            await obstore.delete_async(opened(cluster), there[4].key)

            async def is_told() -> bool:
                return await causes(storage, YESTERDAY_MS, 10) == [(4, 5, "lost_object")]

            await eventually(is_told)
            assert len(await rows(cluster, "segments")) == 9

            # It comes back: then nothing was lost.
            await put(cluster, there[4])

            async def is_whole() -> bool:
                return await causes(storage, YESTERDAY_MS, 10) == []

            await eventually(is_whole)
            assert not await rows(cluster, "gaps")
            assert cluster.metric("snowlight_storage_objects_lost_total") == 1
            assert cluster.metric("snowlight_storage_objects_adopted_total") == 1


async def test_an_object_of_a_packed_day_is_missed_too(cluster: Cluster) -> None:
    packed = minutes("cam", PACKED_MS, 10)
    await put(cluster, *packed)
    await pack(cluster, *packed)
    await obstore.delete_async(opened(cluster), packed[4].key)
    async with cluster.ingest(), cluster.storage(pack_after_hours=10_000) as storage:

        async def is_told() -> bool:
            return await causes(storage, PACKED_MS, 10) == [(4, 5, "lost_object")]

        await eventually(is_told)
        (day,) = await rows(cluster, "packed_days", "objects", "kept_from_ms")
        assert day == (5, packed[4].segment.start_ms + 1)
        assert {row[0] for row in await rows(cluster, "segments", "start_ms")} == {
            each.segment.start_ms for each in packed[:4]
        }


async def test_a_row_that_points_nowhere_is_a_gap(cluster: Cluster) -> None:
    """Of a camera and a day of which the bucket has nothing at all."""
    nowhere = footage("cam", YESTERDAY_MS)
    async with cluster.ingest(), cluster.storage() as storage:
        await open_epoch(storage, 1)
        await commit(storage, nowhere.segment)

        async def is_told() -> bool:
            return [row[3] for row in await rows(cluster, "gaps")] == ["lost_object"]

        await eventually(is_told)
        assert not await rows(cluster, "segments")


async def test_an_object_cut_short_is_lost_and_set_aside(cluster: Cluster) -> None:
    there = minutes("cam", YESTERDAY_MS, 3)
    cut = there[1].data[: len(there[1].data) // 2]
    async with cluster.ingest():
        await record(cluster, *there)
    await obstore.put_async(opened(cluster), there[1].key, cut)
    async with cluster.ingest(), cluster.storage() as storage:

        async def is_aside() -> bool:
            return there[1].key not in keys(cluster, "rec")

        await eventually(is_aside)
        assert keys(cluster, "aside") == {f"aside/{there[1].key}"}
        assert await causes(storage, YESTERDAY_MS, 3) == [(1, 2, "lost_object")]
        assert bytes((await obstore.get_async(opened(cluster), f"aside/{there[1].key}")).bytes()) == cut
        ((_, key, reason, _),) = await rows(cluster, "set_aside")
        assert (key, "cut short" in reason) == (there[1].key, True)


async def test_what_is_being_deleted_is_none_of_its_business(cluster: Cluster) -> None:
    """Buried rows, and rows whose object the sweeper has deleted already: it finishes those itself."""
    buried, doomed = minutes("cam", YESTERDAY_MS, 2)
    async with cluster.ingest():
        await record(cluster, footage("other", YESTERDAY_MS))
        await put(cluster, buried)
        for each, is_doomed in ((buried, False), (doomed, True)):
            message = each.segment
            await insert(
                cluster,
                "segments",
                {
                    **{
                        name: getattr(message, name)
                        for name in (
                            *("camera_uid", "start_ms", "duration_ms", "epoch", "sequence", "init8"),
                            *("store", "size", "session", "init_size", "codecs", "sha256"),
                        )
                    },
                    "fragments": message.fragments.SerializeToString(),
                    "tombstone_ms": NOW_MS,
                    "doomed": is_doomed,
                },
            )
        async with cluster.storage():
            await checked_twice(cluster)
        assert buried.segment.start_ms in {row[0] for row in await rows(cluster, "segments", "start_ms")}
        assert not await rows(cluster, "gaps")
        assert keys(cluster, "aside") == set()
        assert cluster.metric("snowlight_storage_objects_lost_total") == 0


async def test_a_lost_index_object_is_made_up_for(cluster: Cluster) -> None:
    packed = minutes("cam", PACKED_MS, 6)
    expired, there = packed[:1], packed[1:]
    await put(cluster, *there[:3], there[4])
    row = await pack(cluster, *packed, kept_from_ms=there[0].segment.start_ms)
    await obstore.delete_async(opened(cluster), str(DayKey("cam", row.day, 1)))
    async with cluster.ingest(), cluster.storage(pack_after_hours=10_000) as storage:

        async def is_made() -> bool:
            return not await rows(cluster, "packed_days")

        await eventually(is_made)
        assert {row[0] for row in await rows(cluster, "segments", "start_ms")} == {
            each.segment.start_ms for each in (*there[:3], there[4])
        }
        assert await causes(storage, there[0].segment.start_ms, 5) == [(3, 4, "lost_object")]
        assert expired[0].segment.start_ms not in {row[1] for row in await rows(cluster, "gaps")}


async def test_a_store_that_is_away_loses_nothing(
    database_url: str, tmp_path: Path, minio_server: MinioServer
) -> None:
    cluster = Cluster(database_url, tmp_path, minio_server.store(minio_server.create_bucket()))
    there = minutes("cam", YESTERDAY_MS, 10)
    async with cluster.ingest():
        await record(cluster, *there)
    async with cluster.ingest(), cluster.storage():
        await checked_twice(cluster)
        with minio_server.away():
            for _ in range(5):
                await asyncio.sleep(0.5)
                assert len(await rows(cluster, "segments")) == 10
        await checked_twice(cluster)
        assert len(await rows(cluster, "segments")) == 10
        assert not await rows(cluster, "gaps")


async def test_an_empty_folder_in_the_place_of_a_store_loses_nothing(
    database_url: str, tmp_path: Path
) -> None:
    """A disk that is not mounted answers as a store in which everything was deleted."""
    cluster = Cluster(database_url, tmp_path, ObjectStoreSettings(url=f"file://{tmp_path}/footage"))
    there = minutes("cam", YESTERDAY_MS, 10)
    async with cluster.ingest():
        await record(cluster, *there)
    async with cluster.ingest(), cluster.storage():
        await checked_twice(cluster)
        (tmp_path / "footage").rename(tmp_path / "unmounted")
        (tmp_path / "footage").mkdir()
        for _ in range(5):
            await asyncio.sleep(0.3)
            assert len(await rows(cluster, "segments")) == 10
        assert not await rows(cluster, "gaps")


@pytest.mark.parametrize("answer", [cut_off, empty, every_other])
async def test_a_list_that_is_cut_short_loses_nothing(
    database_url: str, tmp_path: Path, minio_server: MinioServer, answer: Answer
) -> None:
    """Whether the network says so or not."""
    network = Lying(minio_server.endpoint)
    described = minio_server.store(minio_server.create_bucket())
    cluster = Cluster(database_url, tmp_path, described.model_copy(update={"endpoint": network.endpoint}))
    there = minutes("cam", YESTERDAY_MS, 10)
    async with network.serving(), cluster.ingest():
        await record(cluster, *there)
        async with cluster.storage():
            await checked_twice(cluster)
            network.answer = answer

            async def has_lied() -> bool:
                return network.lied >= 20

            await eventually(has_lied, 60)
            assert len(await rows(cluster, "segments")) == 10
            assert not await rows(cluster, "gaps")
            network.answer = truthful
            await checked_twice(cluster)
            assert len(await rows(cluster, "segments")) == 10
