"""The index made again from the stores alone: what could be seen before can be seen after."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import obstore
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from services.storage.index.day_object import DayKey, decode_day, encode_day
from services.storage.index.packed import PackedDay, insert_packed, row_of
from services.storage.segment import Segment
from services.storage.tables import metadata
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.api.storage.v1 import hold_pb2, storage_pb2, store_pb2, stored_pb2
from snowlight.clock import SystemClock
from snowlight.errors import FailedPreconditionError, UnavailableError
from snowlight.object_store import ObjectStoreSettings
from snowlight.rpc.status import remote_errors
from tests.parts.part import free_port
from tests.rpc.storage.bucket import database, insert, is_flushed, lose_database, opened, put, rows
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.footage import gap
from tests.rpc.storage.objects import Footage, footage
from tests.rpc.storage.test_commit import COMMITTED, DUPLICATE, SUPERSEDED, commit, open_epoch
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from snowlight.api.storage.v1.storage_pb2_grpc import StorageAsyncStub as Storage
    from tests.parts.minio import MinioServer

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
NOW_MS = SystemClock().now_ms()
TODAY_MS = NOW_MS - NOW_MS % DAY_MS
YESTERDAY_MS = TODAY_MS - DAY_MS
PACKED_MS = TODAY_MS - 3 * DAY_MS
CREATED_MS = TODAY_MS - 5 * DAY_MS


@pytest.fixture(params=["folder", "minio"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStoreSettings:
    """The settings of an empty default store, beside which a county has a folder of its own."""
    file = tmp_path / "stores.json"
    file.write_text(json.dumps([{"name": "pingyi", "url": f"file://{tmp_path}/pingyi"}]))
    if request.param == "folder":
        return ObjectStoreSettings(url=f"file://{tmp_path}/footage", further_file=file)
    server: MinioServer = request.getfixturevalue("minio_server")
    return server.store(request.getfixturevalue("minio_bucket")).model_copy(update={"further_file": file})


@pytest.fixture
def cluster(database_url: str, tmp_path: Path, store: ObjectStoreSettings) -> Cluster:
    return Cluster(database_url, tmp_path, store)


def minutes(uid: str, start_ms: int, count: int, *, epoch: int = 1, store: str = "default") -> list[Footage]:
    return [
        footage(uid, start_ms + at * MINUTE_MS, epoch=epoch, sequence=at, store=store) for at in range(count)
    ]


async def rebuild(cluster: Cluster, store: str = "") -> store_pb2.RebuildIndexResponse:
    """Returns the last progress told."""
    request = store_pb2.RebuildIndexRequest(store=store)
    async with cluster.stores() as stores:
        with remote_errors("services/storage"):
            told = [each async for each in stores.RebuildIndex(request)]
    assert [each.done for each in told] == [False] * (len(told) - 1) + [True]
    return told[-1]


async def seen(storage: Storage, *uids: str) -> dict[str, object]:
    """All that is told of the cameras. A hash that is unknown is told as none."""
    answers: dict[str, object] = {}
    for uid in uids:
        asked = storage_pb2.GetTimelineRequest(camera_uid=uid, start_ms=CREATED_MS, end_ms=TODAY_MS)
        answers[uid] = await storage.GetTimeline(asked)
        for day_ms in range(CREATED_MS, TODAY_MS, DAY_MS):
            request = storage_pb2.ListSegmentsRequest(camera_uid=uid, start_ms=day_ms, end_ms=day_ms + DAY_MS)
            listed = await storage.ListSegments(request)
            for each in listed.segments:
                each.ClearField("sha256")
            answers[f"{uid}/{day_ms}"] = listed
    return answers


async def pack(cluster: Cluster, *objects: Footage, generation: int = 1, kept_from_ms: int = 0) -> PackedDay:
    """As the closer leaves a camera-day, of which what starts before `kept_from_ms` expired since."""
    first = objects[0].segment
    day = first.start_ms // DAY_MS
    segments = [
        Segment(
            *(each.camera_uid, each.start_ms, each.duration_ms, each.epoch, each.sequence, each.init8),
            *(each.store, each.size, each.session, each.init_size, each.codecs, each.sha256),
            each.fragments.SerializeToString(),
        )
        for each in (each.segment for each in objects)
    ]
    data = encode_day(first.camera_uid, day, first.store, segments)
    row = row_of(decode_day(data, "it"), generation, kept_from_ms)
    key = str(DayKey(first.camera_uid, day, generation))
    await obstore.put_async(opened(cluster, first.store), key, data)
    async with database(cluster) as there, there.write() as connection:
        await insert_packed(connection, row)
    return row


async def test_timelines_are_equal_before_and_after(cluster: Cluster) -> None:
    """Of a village whose store ran full, so that what was past its minimum of two days began to go."""
    policy = {"name": "default", "days": 30, "minimum_days": 2, "updated_ms": 5, "updated_by": "somebody"}
    await insert(cluster, "retention_policies", policy)
    await insert(cluster, "outbox", {"kind": "policies", "subject": "policies", "body": b""})
    business = camera_pb2.BUSINESS
    await cluster.registry.put("cam", retention_days=0, created_ms=CREATED_MS, ownership=business)
    await cluster.registry.put("gone", retention_days=30, created_ms=CREATED_MS)
    await cluster.registry.delete("gone")
    hot = [*minutes("cam", YESTERDAY_MS, 30), *minutes("cam", YESTERDAY_MS + HOUR_MS, 30)]
    of_gone = minutes("gone", YESTERDAY_MS, 20)
    elsewhere = minutes("cam", YESTERDAY_MS + 4 * HOUR_MS, 10, store="pingyi")
    newer = minutes("cam", YESTERDAY_MS + 3 * HOUR_MS, 10, epoch=2)
    refused = footage("cam", YESTERDAY_MS + 3 * HOUR_MS + 30_000, epoch=1, sequence=77)
    packed = minutes("cam", PACKED_MS, 120)
    expired, kept = packed[:30], packed[30:]
    late = footage("cam", PACKED_MS + 5 * HOUR_MS, sequence=9)
    outage = gap("cam", YESTERDAY_MS + 30 * MINUTE_MS, YESTERDAY_MS + HOUR_MS, "camera_offline")
    async with cluster.ingest():
        async with cluster.storage() as storage:
            await put(cluster, *hot, *of_gone, *elsewhere, *newer, refused, *kept, late)
            await pack(cluster, *packed, kept_from_ms=kept[0].segment.start_ms)
            await open_epoch(storage, 1)
            first = [each.segment for each in (*hot, *of_gone, *elsewhere, late)]
            assert await commit(storage, *first, gaps=(outage,)) == [COMMITTED] * len(first)
            await open_epoch(storage, 2)
            await commit(storage, *(each.segment for each in newer))
            assert await commit(storage, refused.segment) == [SUPERSEDED]
            noted = stored_pb2.KeptGap(
                camera_uid="cam", start_ms=outage.start_ms, end_ms=outage.end_ms, cause=outage.cause
            )
            body = {"kind": "gap", "subject": f"cam/{outage.start_ms}", "body": noted.SerializeToString()}
            await insert(cluster, "outbox", body)

            async def is_known() -> bool:
                return len(await rows(cluster, "cameras", "uid")) == 2 and await is_flushed(cluster)

            await eventually(is_known)
            before = await seen(storage, "cam", "gone")
            packed_before = await rows(cluster, "packed_days")
        await lose_database(cluster)
        cluster.registry.forget_history()
        async with cluster.storage() as storage:
            assert await seen(storage, "cam", "gone") != before
            await rebuild(cluster)
            assert await seen(storage, "cam", "gone") == before
            assert await rows(cluster, "packed_days") == packed_before
            with pytest.raises(FailedPreconditionError, match=r"storage\.epoch_old"):
                await open_epoch(storage, 1)
            assert await commit(storage, hot[0].segment, refused.segment, expired[0].segment) == [
                DUPLICATE,
                SUPERSEDED,
                COMMITTED,
            ]


async def test_it_may_run_again_and_takes_nothing_away(cluster: Cluster) -> None:
    there = minutes("cam", YESTERDAY_MS, 20)
    packed = minutes("cam", PACKED_MS, 20)
    async with cluster.ingest(), cluster.storage() as storage:
        await put(cluster, *there, *packed)
        await pack(cluster, *packed)
        await open_epoch(storage, 1)
        await commit(storage, *(each.segment for each in there))
        for _ in range(2):
            before = await rows(cluster, "segments"), await rows(cluster, "packed_days")
            await rebuild(cluster, "default")
            assert (await rows(cluster, "segments"), await rows(cluster, "packed_days")) == before


async def test_it_may_run_while_the_cluster_commits(cluster: Cluster) -> None:
    there = minutes("cam", YESTERDAY_MS, 200)
    async with cluster.ingest(), cluster.storage() as storage:
        await put(cluster, *there)
        await open_epoch(storage, 1)

        async def commit_all() -> None:
            for at in range(0, 200, 10):
                await commit(storage, *(each.segment for each in there[at : at + 10]))

        await asyncio.gather(commit_all(), rebuild(cluster, "default"), rebuild(cluster, "default"))
        listed = storage_pb2.ListSegmentsRequest(
            camera_uid="cam", start_ms=YESTERDAY_MS, end_ms=YESTERDAY_MS + DAY_MS
        )
        assert [each.key for each in (await storage.ListSegments(listed)).segments] == [
            each.key for each in there
        ]


async def test_holds_hold_and_policies_stay(cluster: Cluster) -> None:
    """Of expired footage nothing that is held goes between the loss and the end of the rebuild."""
    await cluster.registry.put("cam", retention_days=0, created_ms=CREATED_MS)
    there = minutes("cam", YESTERDAY_MS, 5)
    hold = {
        "id": "h1",
        "camera_uid": "cam",
        "start_ms": YESTERDAY_MS,
        "end_ms": TODAY_MS,
        "case_number": "1",
        "reason": "a theft",
        "created_by": "wang",
        "create_ms": NOW_MS,
        "missing": [],
    }
    policy = {"name": "default", "days": 20, "minimum_days": 9, "updated_ms": 5, "updated_by": "somebody"}
    async with cluster.ingest():
        async with cluster.storage() as storage:
            await put(cluster, *there)
            await insert(cluster, "retention_policies", policy)
            message = store_hold(hold)
            body = {"kind": "hold", "subject": "h1", "body": message}
            await insert(cluster, "outbox", body, {"kind": "policies", "subject": "policies", "body": b""})
            await open_epoch(storage, 1)

            async def is_known() -> bool:
                return bool(await rows(cluster, "cameras", "uid")) and await is_flushed(cluster)

            await eventually(is_known)
        await lose_database(cluster)
        async with cluster.storage():
            await rebuild(cluster, "default")
            assert [row[0] for row in await rows(cluster, "holds", "id")] == ["h1"]
            assert await rows(cluster, "retention_policies") == [tuple(policy.values())]
            assert await rows(cluster, "cameras", "kept_days", "minimum_days") == [(20, 20)]
            assert len(await rows(cluster, "segments")) == 5


def store_hold(hold: dict[str, object]) -> bytes:
    kept = {name: value for name, value in hold.items() if name not in ("id", "missing")}
    return hold_pb2.Hold(name=f"holds/{hold['id']}", **kept).SerializeToString()  # type: ignore[arg-type]


async def test_what_is_held_of_an_expired_day_is_a_row_again(cluster: Cluster) -> None:
    """The rest of the day's beginning went in order when the store was full: nobody is asked for it."""
    policy = {"name": "default", "days": 30, "minimum_days": 2, "updated_ms": 5, "updated_by": "somebody"}
    await insert(cluster, "retention_policies", policy)
    business = camera_pb2.BUSINESS
    await cluster.registry.put("cam", retention_days=0, created_ms=CREATED_MS, ownership=business)
    packed = minutes("cam", PACKED_MS, 60)
    held, kept = packed[10:12], packed[40:]
    lost = minutes("cam", YESTERDAY_MS, 3)
    async with cluster.ingest(), cluster.storage(grace_seconds=3600, sweep_seconds=3600) as storage:
        await put(cluster, *held, *kept, lost[0], lost[2])
        for objects in (packed, lost):
            await pack(cluster, *objects)
        await lose_rows(cluster, "packed_days")

        async def is_known() -> bool:
            return bool(await rows(cluster, "cameras", "uid"))

        await eventually(is_known)
        await rebuild(cluster, "default")
        keys = {row[0] for row in await rows(cluster, "segments", "start_ms")}
        assert keys == {each.segment.start_ms for each in (*held, lost[0])}
        days = await rows(cluster, "packed_days", "day", "objects", "kept_from_ms")
        assert days == [
            (PACKED_MS // DAY_MS, 20, kept[0].segment.start_ms),
            (YESTERDAY_MS // DAY_MS, 1, lost[2].segment.start_ms),
        ]
        asked = storage_pb2.GetTimelineRequest(
            camera_uid="cam", start_ms=YESTERDAY_MS, end_ms=YESTERDAY_MS + 3 * MINUTE_MS
        )
        (missing,) = (await storage.GetTimeline(asked)).gaps
        assert (missing.start_ms, missing.cause) == (lost[1].segment.start_ms, "lost_object")


async def lose_rows(cluster: Cluster, table: str) -> None:
    async with database(cluster) as there, there.write() as connection:
        await connection.execute(sa.delete(metadata.tables[table]))


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


async def test_a_store_that_is_away_cannot_be_rebuilt(cluster: Cluster, tmp_path: Path) -> None:
    away = ObjectStoreSettings(
        url="s3://away",
        endpoint=f"http://127.0.0.1:{free_port()}",
        access_key="nobody",
        secret_key=SecretStr("is there"),
    )
    cluster = Cluster(cluster.database_url, tmp_path, away)
    async with cluster.ingest(), cluster.storage():
        with pytest.raises(UnavailableError):
            await rebuild(cluster)
