"""What is kept of a day is what is computed anew, and outlives its footage."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from services.storage.retention.policies import PolicyRepository
from services.storage.retention.policy import Policy
from services.storage.tables import cameras, segments
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.clock import SystemClock
from snowlight.errors import NotFoundError
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.days import COUNTY, DAY, HOUR_MS, Town, open_town, today
from tests.waiting import eventually


async def test_what_is_kept_of_a_day_is_what_is_computed_anew(town: Town) -> None:
    await town.register("cam", "2024-03-01 00:00", schedule="mon-fri 08:00-18:00; sat,sun 20:00-02:00")
    await town.record("cam", f"{DAY} 07:00", f"{DAY} 09:00")
    await town.record("cam", "2024-03-09 23:30", "2024-03-10 00:30")
    await town.miss("cam", "2024-03-10 00:30", 0, "camera_offline")
    first = await town.integrity("cam", "2024-03")
    assert len(await town.kept_days("cam")) == 31
    assert await town.integrity("cam", "2024-03") == first
    assert await town.integrity("cam", "2024-03", anew=True) == first
    assert (await town.integrity(COUNTY, "2024-03")).missing == first.missing


async def test_days_are_closed_without_being_asked_for(cluster: Cluster) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    async with open_town(cluster) as town:
        await town.register("cam", f"{today(zone, 5)} 06:00", retention_days=30)
        await town.register("brief", f"{today(zone, 5)} 06:00", retention_days=1)
        await PolicyRepository(town.database, SystemClock()).set("class-1", Policy(30, 1), "somebody")
        ownership, created = camera_pb2.BUSINESS, f"{today(zone, 5)} 06:00"
        await town.register("droppable", created, retention_days=0, camera_class=1, ownership=ownership)
    async with open_town(cluster, integrity_seconds=0.1) as town:

        async def is_closed() -> bool:
            return [day for day, _ in await town.kept_days("cam")] == [
                today(zone, back) for back in (5, 4, 3)
            ]

        await eventually(is_closed)

        async def is_closed_before_it_expires() -> bool:
            return [day for day, _ in await town.kept_days("brief")] == [today(zone, 1)]

        await eventually(is_closed_before_it_expires)

        async def is_closed_before_it_is_dropped() -> bool:
            return [day for day, _ in await town.kept_days("droppable")] == [
                today(zone, back) for back in (5, 4, 3, 2, 1)
            ]

        await eventually(is_closed_before_it_is_dropped)


async def test_what_has_expired_was_recorded_all_the_same(town: Town) -> None:
    await town.register("cam", "2024-03-01 00:00")
    await town.record("cam", f"{DAY} 00:00", f"{DAY} 23:00")
    before = await town.integrity("cam", "2024-03")
    async with town.database.write() as connection:
        await connection.execute(sa.update(cameras).values(kept_days=30, minimum_days=30))
        await connection.execute(sa.delete(segments))
    await town.miss("cam", f"{DAY} 00:00", f"{DAY} 10:00", "network")
    assert await town.integrity("cam", "2024-03", anew=True) == before
    with pytest.raises(NotFoundError, match=r"storage\.integrity_unknown") as raised:
        await town.integrity("cam", "2024-04")
    assert raised.value.field == "period"


async def test_what_a_full_store_dropped_was_recorded_all_the_same(town: Town) -> None:
    await town.register("cam", "2024-03-01 00:00")
    await town.record("cam", f"{DAY} 00:00", f"{DAY} 12:00")
    before = await town.integrity("cam", DAY)
    await PolicyRepository(town.database, SystemClock()).set("default", Policy(3650, 7), "somebody")
    async with town.database.write() as connection:
        await connection.execute(sa.delete(segments))
    assert await town.integrity("cam", DAY, anew=True) == before
    await town.record("cam", f"{DAY} 00:00", f"{DAY} 13:00", epoch=2)
    assert (await town.integrity("cam", DAY)).recorded_ms == 13 * HOUR_MS, "it may gain what comes late"
