"""The index made again from the stores alone: what is held or expired is so as before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from snowlight.api.ingest.v1 import camera_pb2
from snowlight.api.storage.v1 import hold_pb2, storage_pb2
from snowlight.object_store import ObjectStoreSettings
from tests.rpc.storage.bucket import insert, is_flushed, lose_database, put, rows
from tests.rpc.storage.committing import open_epoch
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.rebuilding import beside_a_county, lose_rows, rebuild
from tests.rpc.storage.recorded_days import (
    CREATED_MS,
    DAY_MS,
    MINUTE_MS,
    NOW_MS,
    PACKED_MS,
    TODAY_MS,
    YESTERDAY_MS,
    minutes,
    pack,
)
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cluster(database_url: str, tmp_path: Path, store: ObjectStoreSettings) -> Cluster:
    return Cluster(database_url, tmp_path, beside_a_county(store, tmp_path))


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
