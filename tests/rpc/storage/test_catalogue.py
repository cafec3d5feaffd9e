"""What storage keeps beside the footage: written at every change, read back where the database lacks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import obstore
import pytest

from services.storage.catalogue.ledger_batches import LedgerBatches
from snowlight.api.storage.v1 import hold_pb2, retention_pb2, store_pb2, stored_pb2
from snowlight.clock import SystemClock
from snowlight.object_store import ObjectStoreSettings, open_store
from snowlight.steps import go_on
from tests.rpc.storage.bucket import insert, is_flushed, keys, lose_database, opened, rows
from tests.rpc.storage.committing import open_epoch
from tests.rpc.storage.conftest import Cluster
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.parts.minio import MinioServer


DAY_MS = 86_400_000
NOW_MS = SystemClock().now_ms()
AGO_MS = NOW_MS - DAY_MS
HOLD = hold_pb2.Hold(
    name="holds/h1",
    camera_uid="cam",
    start_ms=NOW_MS - DAY_MS,
    end_ms=NOW_MS,
    case_number="371326-7",
    reason="a theft",
    created_by="principals/wang",
    create_ms=NOW_MS,
    missing=[hold_pb2.HeldRange(start_ms=NOW_MS - DAY_MS, end_ms=NOW_MS - DAY_MS + 5)],
)


@pytest.fixture
def cluster(database_url: str, tmp_path: Path, store: ObjectStoreSettings) -> Cluster:
    return Cluster(database_url, tmp_path, store)


async def note(cluster: Cluster, kind: str, subject: str, body: bytes = b"") -> None:
    await insert(cluster, "outbox", {"kind": kind, "subject": subject, "body": body})


def content(cluster: Cluster, key: str) -> bytes:
    return bytes(obstore.get(opened(cluster), key).bytes())


def kept_gap(uid: str, start_ms: int, end_ms: int = 0, *, withdrawn: bool = False) -> stored_pb2.KeptGap:
    return stored_pb2.KeptGap(
        camera_uid=uid, start_ms=start_ms, end_ms=end_ms, cause="network", withdrawn=withdrawn
    )


async def test_every_change_is_kept_and_forgotten_only_then(cluster: Cluster) -> None:
    await cluster.registry.put("cam", retention_days=7, created_ms=NOW_MS - DAY_MS)
    async with cluster.ingest(), cluster.storage() as storage, cluster.stores() as stores:
        await open_epoch(storage, 3)
        region = store_pb2.RegionStore(region="regions/371326", store="default")
        await stores.SetRegionStore(store_pb2.SetRegionStoreRequest(region_store=region))
        await note(cluster, "hold", "h1", HOLD.SerializeToString())

        async def is_kept() -> bool:
            return await is_flushed(cluster) and "meta/cameras/cam.pb" in keys(cluster, "meta")

        await eventually(is_kept)
        camera = stored_pb2.KeptCamera.FromString(content(cluster, "meta/cameras/cam.pb"))
        assert (camera.uid, camera.created_ms) == ("cam", NOW_MS - DAY_MS)
        assert [version.retention_days for version in camera.versions] == [7]
        epochs = stored_pb2.KeptEpochs.FromString(content(cluster, "meta/epochs.pb"))
        assert [(each.shard, each.epoch) for each in epochs.epochs] == [(7, 3)]
        kept = store_pb2.ListStoresResponse.FromString(content(cluster, "meta/region_stores.pb"))
        assert list(kept.regions) == [region]
        assert hold_pb2.Hold.FromString(content(cluster, "meta/holds/h1.pb")) == HOLD


async def test_a_lost_database_has_all_of_it_again(cluster: Cluster) -> None:
    """Nothing of it is written over by what the empty database learns before it has read it."""
    for day in range(3):
        await cluster.registry.put(
            "cam",
            retention_days=7 + day,
            created_ms=NOW_MS - 9 * DAY_MS,
            updated_ms=NOW_MS - 9 * DAY_MS + day * DAY_MS,
        )
    await cluster.registry.put("gone", retention_days=7, created_ms=NOW_MS - 9 * DAY_MS)
    await cluster.registry.delete("gone")
    policy = {"name": "class-3", "days": 12, "minimum_days": 4, "updated_ms": 5, "updated_by": "somebody"}
    tables = ("cameras", "camera_versions", "epochs", "gaps", "holds", "retention_policies", "region_stores")
    async with cluster.ingest():
        async with cluster.storage() as storage, cluster.stores() as stores:
            await open_epoch(storage, 3)
            region = store_pb2.RegionStore(region="regions/371326", store="default")
            await stores.SetRegionStore(store_pb2.SetRegionStoreRequest(region_store=region))
            await insert(cluster, "retention_policies", policy)
            await note(cluster, "policies", "policies")
            await note(cluster, "hold", "h1", HOLD.SerializeToString())
            for start_ms, end_ms in ((AGO_MS, 0), (AGO_MS + 9, AGO_MS + 10), (AGO_MS, AGO_MS + 7)):
                body = kept_gap("cam", start_ms, end_ms)
                await note(cluster, "gap", f"cam/{start_ms}", body.SerializeToString())
            await eventually(lambda: is_flushed(cluster))
            taken_back = kept_gap("cam", AGO_MS + 9, AGO_MS + 10, withdrawn=True)
            await note(cluster, "gap", f"cam/{AGO_MS + 9}", taken_back.SerializeToString())

            async def is_known() -> bool:
                return len(await rows(cluster, "camera_versions")) == 4 and await is_flushed(cluster)

            await eventually(is_known)
            before = {table: await rows(cluster, table) for table in tables}
        before["gaps"] = [("cam", AGO_MS, AGO_MS + 7, "network")]
        await lose_database(cluster)
        # The registry goes on: it has forgotten the deleted camera and tells of the other one's last version.
        cluster.registry.forget_history()
        async with cluster.storage() as storage:
            await open_epoch(storage, 4)

            async def has_read() -> bool:
                done = [row for row in await rows(cluster, "feeds", "name") if row[0] == "catalogue"]
                return bool(done) and await is_flushed(cluster)

            await eventually(has_read)
            after = {table: await rows(cluster, table) for table in tables}
        assert [row[0] for row in after.pop("holds")] == ["h1"]
        assert [row[:2] for row in after.pop("epochs")] == [(7, 4)]
        assert after == {table: before[table] for table in after}
    camera = stored_pb2.KeptCamera.FromString(content(cluster, "meta/cameras/cam.pb"))
    assert [version.retention_days for version in camera.versions] == [7, 8, 9]
    assert (
        retention_pb2.ListRetentionPoliciesResponse.FromString(content(cluster, "meta/policies.pb"))
        .policies[0]
        .days
        == 12
    )


async def test_a_store_that_is_away_only_delays(
    database_url: str, tmp_path: Path, minio_server: MinioServer
) -> None:
    cluster = Cluster(database_url, tmp_path, minio_server.store("a-bucket-of-its-own"))
    async with cluster.ingest():
        with minio_server.away():
            async with cluster.storage() as storage:
                await open_epoch(storage, 1)

                async def has_failed() -> bool:
                    return (cluster.metric("snowlight_storage_catalogue_failures_total") or 0) > 0

                await eventually(has_failed, 60)
                assert not await is_flushed(cluster)
        async with cluster.storage():
            await eventually(lambda: is_flushed(cluster), 60)
            assert "meta/epochs.pb" in keys(cluster, "meta")


class Stepped(SystemClock):
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.ms = NOW_MS - NOW_MS % DAY_MS + DAY_MS // 2

    def now_ms(self) -> int:
        return self.ms


async def newest(batches: LedgerBatches) -> dict[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    async for batch in batches.read_newest_first():
        for row in batch.gaps:
            found.setdefault((row.camera_uid, row.start_ms), row.end_ms)
    return found


async def test_the_batches_of_a_day_become_one(store: ObjectStoreSettings, tmp_path: Path) -> None:
    clock = Stepped()
    there = open_store(store, tmp_path)
    batches = LedgerBatches(there, clock, go_on)
    for number in range(5):
        clock.ms += 60_000
        rows = [kept_gap("cam", 1, number), kept_gap("cam", 100 + number, 200)]
        await batches.append(rows, number)
    before = await newest(batches)
    await batches.join_days()
    (day,) = await batches.days()
    listed = [meta["path"] for chunk in obstore.list(there, f"meta/ledger/{day}") for meta in chunk]
    assert len(listed) == 5, "the day is not over"
    clock.ms += DAY_MS
    await LedgerBatches(there, clock, go_on).join_days()
    listed = [meta["path"] for chunk in obstore.list(there, f"meta/ledger/{day}") for meta in chunk]
    assert len(listed) == 1
    assert await newest(batches) == before
    assert before["cam", 1] == 4


class KilledError(Exception):
    """The process ended there."""


async def test_joining_may_be_cut_short_anywhere(store: ObjectStoreSettings, tmp_path: Path) -> None:
    clock = Stepped()
    there = open_store(store, tmp_path)
    batches = LedgerBatches(there, clock, go_on)
    for number in range(3):
        await batches.append([kept_gap("cam", 1, number), kept_gap("cam", 100 + number, 200)], number)
    before = await newest(batches)
    clock.ms += DAY_MS

    def die(step: str) -> None:
        assert step == "catalogue.put"
        raise KilledError

    with pytest.raises(KilledError):
        await LedgerBatches(there, clock, die).join_days()
    assert await newest(batches) == before
    await LedgerBatches(there, clock, go_on).join_days()
    (day,) = await batches.days()
    joined = [meta["path"] for chunk in obstore.list(there, f"meta/ledger/{day}") for meta in chunk]
    # As after a crash between the write and the deletion of the last of the old ones.
    await batches.append([kept_gap("cam", 1, 0)], 7)
    clock.ms += DAY_MS
    await LedgerBatches(there, clock, go_on).join_days()
    assert len(joined) == 1
    assert set(await newest(batches)) == set(before)


async def test_a_batch_that_cannot_be_read_is_kept_and_hides_no_other(
    store: ObjectStoreSettings, tmp_path: Path
) -> None:
    clock = Stepped()
    there = open_store(store, tmp_path)
    batches = LedgerBatches(there, clock, go_on)
    await batches.append([kept_gap("cam", 1, 2)], 1)
    await batches.append([kept_gap("cam", 3, 4)], 2)
    (day,) = await batches.days()
    damaged = f"meta/ledger/{day}/{clock.ms - 1}-9.pb"
    await obstore.put_async(there, damaged, b"\xff\xff not a message")
    clock.ms += DAY_MS
    await LedgerBatches(there, clock, go_on).join_days()
    assert await newest(batches) == {("cam", 1): 2, ("cam", 3): 4}
    listed = [meta["path"] for chunk in obstore.list(there, f"meta/ledger/{day}") for meta in chunk]
    assert damaged in listed
    assert len(listed) == 2
