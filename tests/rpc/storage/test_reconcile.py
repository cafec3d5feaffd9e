"""Bucket and index brought together: what was deleted in silence, cut short, or put there by others."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from hashlib import sha256
from typing import TYPE_CHECKING

import obstore
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from services.storage.index.day_object import DayKey
from services.storage.tables import leases
from snowlight.api.storage.v1 import storage_pb2, stored_pb2
from snowlight.clock import SystemClock
from snowlight.object_store import ObjectStoreSettings
from tests.parts.part import ROOT
from tests.rpc.storage.bucket import database, insert, keys, opened, put, rows
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.lying import Answer, Lying, cut_off, empty, every_other, truthful
from tests.rpc.storage.objects import Footage, footage
from tests.rpc.storage.test_commit import COMMITTED, SUPERSEDED, commit, open_epoch
from tests.rpc.storage.test_rebuild import DAY_MS, MINUTE_MS, PACKED_MS, YESTERDAY_MS, minutes, pack
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from snowlight.api.storage.v1.storage_pb2_grpc import StorageAsyncStub as Storage
    from tests.parts.minio import MinioServer

NOW_MS = SystemClock().now_ms()
AT_ONCE = {"reconcile_first_seconds": 0.0, "reconcile_hours": 0.2 / 3600, "reconcile_grace_seconds": 0.0}


@pytest.fixture(params=["folder", "minio"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStoreSettings:
    """The settings of an empty store; a test that uses it runs on a folder and on MinIO."""
    if request.param == "folder":
        return ObjectStoreSettings(url=f"file://{tmp_path}/footage")
    server: MinioServer = request.getfixturevalue("minio_server")
    return server.store(request.getfixturevalue("minio_bucket"))


@pytest.fixture
def cluster(database_url: str, tmp_path: Path, store: ObjectStoreSettings) -> Cluster:
    cluster = Cluster(database_url, tmp_path, store)
    cluster.storage_settings = dict(AT_ONCE)
    return cluster


async def timeline(storage: Storage, start_ms: int, count: int) -> storage_pb2.GetTimelineResponse:
    """Of `count` minutes."""
    request = storage_pb2.GetTimelineRequest(
        camera_uid="cam", start_ms=start_ms, end_ms=start_ms + count * MINUTE_MS
    )
    return await storage.GetTimeline(request)


async def causes(storage: Storage, start_ms: int, count: int) -> list[tuple[int, int, str]]:
    """Gaps of the minutes from `start_ms` on, in minutes."""
    return [
        ((each.start_ms - start_ms) // MINUTE_MS, (each.end_ms - start_ms) // MINUTE_MS, each.cause)
        for each in (await timeline(storage, start_ms, count)).gaps
    ]


async def checked_twice(cluster: Cluster) -> None:
    """Return once every day was compared two times more: whatever was to happen has happened."""
    for _ in range(2):
        began = cluster.metric("snowlight_storage_days_reconciled_total") or 0
        days = max(1, len(await rows(cluster, "checked_days")))

        async def were_compared(wanted: float = began + days) -> bool:
            return (cluster.metric("snowlight_storage_days_reconciled_total") or 0) >= wanted

        await eventually(were_compared, 60)


async def record(cluster: Cluster, *objects: Footage, epoch: int = 1) -> None:
    """Put and commit, before a storage runs that reconciles at once."""
    cluster.storage_settings = {}
    async with cluster.storage() as storage:
        await put(cluster, *objects)
        await open_epoch(storage, epoch)
        told = [each.segment for each in objects]
        assert await commit(storage, *told) == [COMMITTED] * len(told)
    cluster.storage_settings = dict(AT_ONCE)


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


STEPS = ("reconcile.adopt", "reconcile.lose", "reconcile.set_aside", "catalogue.put")


@pytest.mark.parametrize("step", STEPS)
async def test_it_may_be_killed_at_every_step(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path, step: str
) -> None:
    """On SQLite and a folder, and on PostgreSQL and MinIO."""
    if database_url.startswith("sqlite"):
        store = ObjectStoreSettings(url=f"file://{tmp_path}/footage")
    else:
        server: MinioServer = request.getfixturevalue("minio_server")
        store = server.store(request.getfixturevalue("minio_bucket"))
    cluster = Cluster(database_url, tmp_path, store)
    there = minutes("cam", YESTERDAY_MS, 6)
    packed = minutes("cam", PACKED_MS, 6)
    orphan = footage("cam", YESTERDAY_MS + 10 * MINUTE_MS)
    refused = footage("cam", YESTERDAY_MS + 5 * MINUTE_MS + 30_000, epoch=1, sequence=9)
    async with cluster.ingest():
        await record(cluster, *there)
        await put(cluster, orphan, refused, *packed)
        await pack(cluster, *packed)
        whole = (*there[:2], *there[3:], *packed[:2], *packed[3:], orphan)
        aside = f"aside/{refused.key}"
        for gone in (there[2], packed[2]):
            await obstore.delete_async(opened(cluster), gone.key)
        for times in (1, 2):
            await run_until_killed(cluster, step, times)
        async with cluster.storage() as storage:

            async def is_mended() -> bool:
                return (
                    await causes(storage, YESTERDAY_MS, 6) == [(2, 3, "lost_object")]
                    and await causes(storage, PACKED_MS, 6) == [(2, 3, "lost_object")]
                    and keys(cluster, "rec") == {each.key for each in whole}
                    and await listed(storage) == {each.key for each in whole}
                    and not await rows(cluster, "outbox", "id")
                )

            await eventually(is_mended, 60)
            # Killed between copy and deletion, it has copied twice.
            assert {key[: len(aside)] for key in keys(cluster, "aside")} == {aside}
            kept = {(row.camera_uid, row.start_ms) for batch in ledger_batches(cluster) for row in batch.gaps}
            assert kept == {("cam", each.segment.start_ms) for each in (there[2], packed[2])}


async def listed(storage: Storage) -> set[str]:
    """Keys of all that can be played of the two days."""
    found: set[str] = set()
    for day_ms in (PACKED_MS, YESTERDAY_MS):
        request = storage_pb2.ListSegmentsRequest(camera_uid="cam", start_ms=day_ms, end_ms=day_ms + DAY_MS)
        found |= {each.key for each in (await storage.ListSegments(request)).segments}
    return found


async def run_until_killed(cluster: Cluster, step: str, times: int) -> None:
    """A process of its own, killed when it reaches `step` for the `times`th time. With nothing left to do
    that often it ends in order. Its leases run out."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.rpc.storage.killed", step, str(times)),
        cwd=ROOT,
        env={**os.environ, **cluster.environment, **variables(cluster)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(15):
            assert await child.wait() == -signal.SIGKILL
    except TimeoutError:
        assert times > 1, "it never came to that step"
        child.terminate()
        assert await child.wait() == 0
    async with database(cluster) as there, there.write() as connection:
        await connection.execute(sa.delete(leases))


def variables(cluster: Cluster) -> dict[str, str]:
    """The settings of a storage that reconciles at once, as a process is told them."""
    store = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in cluster.store
        if value is not None
    }
    own = {"database_url": cluster.database_url, "catalogue_seconds": 0.1, "probe_seconds": 0.1, **AT_ONCE}
    return {
        "SNOWLIGHT_ADMIN_LISTEN": "127.0.0.1:0",
        "SNOWLIGHT_STORAGE_LISTEN": cluster.environment["SNOWLIGHT_STORAGE_ADDRESS"],
        **{f"SNOWLIGHT_STORE_{name.upper()}": value for name, value in store.items()},
        **{f"SNOWLIGHT_STORAGE_{name.upper()}": str(value) for name, value in own.items()},
    }


def ledger_batches(cluster: Cluster) -> list[stored_pb2.LedgerBatch]:
    store = opened(cluster)
    return [
        stored_pb2.LedgerBatch.FromString(bytes(obstore.get(store, key).bytes()))
        for key in keys(cluster, "meta/ledger")
    ]
