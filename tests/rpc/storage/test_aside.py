"""What was set aside, and index objects of days that are empty, live no longer than footage does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import obstore
import pytest

from services.storage.index.day_object import DayKey
from snowlight.api.storage.v1 import hold_pb2, hold_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.errors import NotFoundError
from snowlight.rpc.status import remote_errors
from tests.rpc.storage.bucket import insert, keys, opened, put, rows
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.objects import Footage, footage
from tests.waiting import eventually

if TYPE_CHECKING:
    from snowlight.api.storage.v1.hold_pb2_grpc import HoldsAsyncStub

DAY_MS, MINUTE_MS = 86_400_000, 60_000
NOW_MS = SystemClock().now_ms()
KEPT_DAYS = 35
EXPIRED_MS = NOW_MS - 40 * DAY_MS
AT_ONCE = {"reconcile_first_seconds": 0.0, "reconcile_hours": 0.2 / 3600, "reconcile_grace_seconds": 0.0}

pytestmark = pytest.mark.usefixtures("store")


async def set_aside(cluster: Cluster, name: str, there: Footage) -> str:
    """Returns the name below `aside/`."""
    await obstore.put_async(opened(cluster), f"aside/{name}", there.data)
    note = {"store": "default", "key": name, "reason": "superseded", "found_ms": NOW_MS}
    await insert(cluster, "set_aside", note)
    return f"aside/{name}"


async def hold(stub: HoldsAsyncStub, there: Footage) -> None:
    """Keep it, once storage has heard of its camera."""
    wanted = hold_pb2.Hold(
        camera_uid=there.segment.camera_uid,
        start_ms=there.segment.start_ms,
        end_ms=there.segment.start_ms + 1000,
        case_number="2026-0117",
        reason="theft",
        created_by="principals/li",
    )

    async def is_held() -> bool:
        try:
            with remote_errors("services/storage"):
                await stub.CreateHold(hold_pb2.CreateHoldRequest(hold=wanted))
        except NotFoundError:
            return False
        return True

    await eventually(is_held)


async def test_what_was_set_aside_goes_when_its_time_has_expired_and_nothing_holds_it(
    cluster: Cluster,
) -> None:
    await cluster.registry.put("cam", retention_days=KEPT_DAYS, created_ms=NOW_MS - 100 * DAY_MS)
    expired, held = footage("cam", EXPIRED_MS), footage("cam", EXPIRED_MS + 5 * MINUTE_MS)
    kept = footage("cam", NOW_MS - 20 * DAY_MS)
    unknown = footage("nobody-knows", EXPIRED_MS)
    async with cluster.ingest():
        async with cluster.storage(), cluster.channel() as channel:
            await hold(hold_pb2_grpc.HoldsStub(channel), held)
            gone = {
                await set_aside(cluster, expired.key, expired),
                await set_aside(cluster, f"{expired.key}.{NOW_MS}", expired),
            }
            stays = {await set_aside(cluster, each.key, each) for each in (held, kept, unknown)}
            await obstore.put_async(opened(cluster), "aside/rec/cam/note.txt", b"by an operator")
            stays.add("aside/rec/cam/note.txt")
        assert keys(cluster, "aside") == gone | stays
        cluster.storage_settings = dict(AT_ONCE)
        async with cluster.storage():

            async def has_gone() -> bool:
                return keys(cluster, "aside") == stays

            await eventually(has_gone, 60)
            noted = {row[1] for row in await rows(cluster, "set_aside")}
            assert noted == {each.key for each in (held, kept, unknown)}


async def test_an_index_object_of_an_empty_day_goes_and_one_beside_footage_stays(cluster: Cluster) -> None:
    """As a closer leaves it that was killed after its PUT; all footage of the one day expired since. Of a day
    that has not expired, and of a camera that is not known, it may be all that tells of lost footage."""
    await cluster.registry.put("cam", retention_days=KEPT_DAYS, created_ms=NOW_MS - 100 * DAY_MS)
    there = footage("cam", NOW_MS - 3 * DAY_MS)
    empty, full, lost = (
        str(DayKey("cam", at_ms // DAY_MS, 1))
        for at_ms in (EXPIRED_MS, NOW_MS - 3 * DAY_MS, NOW_MS - 5 * DAY_MS)
    )
    unknown = str(DayKey("nobody-knows", EXPIRED_MS // DAY_MS, 1))
    await put(cluster, there, footage("nobody-knows", NOW_MS - 3 * DAY_MS))
    for key in (empty, full, lost, unknown):
        await obstore.put_async(opened(cluster), key, b"an index")
    cluster.storage_settings = dict(AT_ONCE)
    async with cluster.ingest(), cluster.storage():

        async def has_gone() -> bool:
            return keys(cluster, "idx") == {full, lost, unknown}

        await eventually(has_gone, 60)

        async def is_known() -> bool:
            """Both cameras were compared: nothing more was to go."""
            return {row[0] for row in await rows(cluster, "checked_days")} == {"cam", "nobody-knows"}

        await eventually(is_known, 60)
        assert keys(cluster, "idx") == {full, lost, unknown}
    assert there.key in keys(cluster, "rec")
