"""Objects whose names are right and whose content is not: they never stand in the way of footage."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import obstore
import pytest

from snowlight.api.storage.v1 import storage_pb2
from tests.rpc.storage.bucket import keys, opened, put, rows
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.objects import Footage, footage
from tests.rpc.storage.rebuilding import rebuild
from tests.rpc.storage.recorded_days import DAY_MS, YESTERDAY_MS, minutes
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from snowlight.api.storage.v1.storage_pb2_grpc import StorageAsyncStub as Storage

pytestmark = pytest.mark.usefixtures("store")

AT_ONCE = {"reconcile_first_seconds": 0.0, "reconcile_hours": 0.2 / 3600, "reconcile_grace_seconds": 0.0}


async def playable(storage: Storage) -> list[str]:
    request = storage_pb2.ListSegmentsRequest(
        camera_uid="cam", start_ms=YESTERDAY_MS, end_ms=YESTERDAY_MS + DAY_MS
    )
    return [each.key for each in (await storage.ListSegments(request)).segments]


def cut_short(there: Footage) -> Footage:
    return replace(there, data=there.data[: len(there.data) // 2])


def foreign(there: Footage) -> Footage:
    return replace(there, data=b"something else under a right name")


async def test_the_footage_of_its_minute_is_adopted_once_a_wrong_object_is_found_out(
    cluster: Cluster,
) -> None:
    """A rebuild goes by names: of two it takes the newer owner's, whose object was cut short."""
    first, genuine, last = minutes("cam", YESTERDAY_MS, 3)
    wrong = cut_short(footage("cam", genuine.segment.start_ms, epoch=9))
    await put(cluster, first, genuine, last, wrong)
    async with cluster.ingest(), cluster.storage():
        await rebuild(cluster)
        known = {row[0] for row in await rows(cluster, "segments", "epoch")}
        assert known == {1, 9}
    cluster.storage_settings = dict(AT_ONCE)
    async with cluster.ingest(), cluster.storage() as storage:

        async def is_mended() -> bool:
            return await playable(storage) == [first.key, genuine.key, last.key]

        await eventually(is_mended)
        asked = storage_pb2.GetTimelineRequest(
            camera_uid="cam", start_ms=YESTERDAY_MS, end_ms=last.segment.start_ms
        )
        assert not (await storage.GetTimeline(asked)).gaps
        assert await is_aside(cluster, wrong)
        assert keys(cluster, "rec") == {first.key, genuine.key, last.key}
        assert keys(cluster, "aside") == {f"aside/{wrong.key}"}
        ((_, key, reason, _),) = await rows(cluster, "set_aside")
        assert key == wrong.key
        assert reason != "superseded"


@pytest.mark.parametrize("spoil", [cut_short, foreign])
async def test_a_rebuilt_row_of_a_wrong_object_is_a_gap(
    cluster: Cluster, spoil: Callable[[Footage], Footage]
) -> None:
    """And what is right beside it is left alone."""
    first, there, last = minutes("cam", YESTERDAY_MS, 3)
    wrong = spoil(there)
    await put(cluster, first, wrong, last)
    async with cluster.ingest(), cluster.storage():
        await rebuild(cluster)
    cluster.storage_settings = dict(AT_ONCE)
    async with cluster.ingest(), cluster.storage() as storage:

        async def is_told() -> bool:
            asked = storage_pb2.GetTimelineRequest(
                camera_uid="cam", start_ms=YESTERDAY_MS, end_ms=last.segment.start_ms
            )
            gaps = (await storage.GetTimeline(asked)).gaps
            return [(each.start_ms, each.cause) for each in gaps] == [(there.segment.start_ms, "lost_object")]

        await eventually(is_told)
        assert await playable(storage) == [first.key, last.key]
        await eventually(lambda: is_aside(cluster, wrong))
        assert cluster.metric("snowlight_storage_objects_lost_total") == 1


async def is_aside(cluster: Cluster, there: Footage) -> bool:
    """As it is."""
    if there.key in keys(cluster, "rec"):
        return False
    moved = await obstore.get_async(opened(cluster), f"aside/{there.key}")
    return bytes(await moved.bytes_async()) == there.data
