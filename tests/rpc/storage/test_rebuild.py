"""The index made again from the stores alone: what could be seen before can be seen after."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from simulator.ports import free_port
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.api.storage.v1 import storage_pb2, stored_pb2
from snowlight.errors import FailedPreconditionError, UnavailableError
from snowlight.object_store import ObjectStoreSettings
from tests.rpc.storage.bucket import insert, is_flushed, lose_database, put, rows
from tests.rpc.storage.committing import COMMITTED, DUPLICATE, SUPERSEDED, commit, open_epoch
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.footage import gap
from tests.rpc.storage.objects import footage
from tests.rpc.storage.rebuilding import beside_a_county, rebuild
from tests.rpc.storage.recorded_days import (
    CREATED_MS,
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    PACKED_MS,
    TODAY_MS,
    YESTERDAY_MS,
    minutes,
    pack,
)
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from snowlight.api.storage.v1.storage_pb2_grpc import StorageAsyncStub as Storage


@pytest.fixture
def cluster(database_url: str, tmp_path: Path, store: ObjectStoreSettings) -> Cluster:
    return Cluster(database_url, tmp_path, beside_a_county(store, tmp_path))


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
            await insert(cluster, "deletions", {"camera_uid": "cam", "until_ms": kept[0].segment.start_ms})
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
