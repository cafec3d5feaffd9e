"""What a camera owes of a day by its hours, and how much of it was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from services.storage.ledger.causes import CAUSES
from services.storage.tables import cameras
from snowlight.clock import SystemClock
from snowlight.errors import NotFoundError
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.days import COUNTY, DAY, DAY_MS, HOUR_MS, MINUTE_MS, Town, missing, open_town, today

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_day_with_every_cause(town: Town) -> None:
    await town.register("cam", "2024-03-01 00:00")
    await town.record("cam", f"{DAY} 00:00", f"{DAY} 12:00")
    at = 12 * 60
    for number, cause in enumerate((*CAUSES, "unknown"), 1):
        start, end = clock(at), clock(at + number)
        if cause != "unknown":
            await town.miss("cam", f"{DAY} {start}", f"{DAY} {end}", cause)
        await town.record("cam", f"{DAY} {end}", f"{DAY} {clock(at + 20)}")
        at += 20
    await town.record("cam", f"{DAY} {clock(at)}", "2024-03-06 00:00")

    found = await town.integrity("cam", DAY)
    assert missing(found) == {cause: number for number, cause in enumerate((*CAUSES, "unknown"), 1)}
    assert [each.cause for each in found.missing] == ["unknown", *reversed(CAUSES)], "longest first"
    assert (found.start_ms, found.end_ms) == (town.at(f"{DAY} 00:00"), town.at("2024-03-06 00:00"))
    assert found.cameras == 1
    assert found.scheduled_ms == DAY_MS
    assert found.recorded_ms == DAY_MS - 66 * MINUTE_MS
    assert found.ratio == pytest.approx(found.recorded_ms / DAY_MS)
    assert found.longest_gap_ms == 11 * MINUTE_MS
    assert not found.days


async def test_hours_that_change_during_the_day_count_from_then_on(town: Town) -> None:
    await town.register("cam", "2024-03-01 00:00", schedule="mon-sun 08:00-12:00")
    await town.register("cam", "2024-03-01 00:00", f"{DAY} 11:00", schedule="mon-sun 10:00-20:00")
    await town.record("cam", f"{DAY} 08:30", f"{DAY} 12:00")
    found = await town.integrity("cam", DAY)
    assert found.scheduled_ms == 12 * HOUR_MS
    assert found.recorded_ms == 3.5 * HOUR_MS
    assert found.longest_gap_ms == 8 * HOUR_MS


async def test_a_camera_owes_nothing_while_it_is_disabled(town: Town) -> None:
    await town.register("cam", "2024-03-01 00:00")
    await town.register("cam", "2024-03-01 00:00", f"{DAY} 06:00", enabled=False)
    await town.register("cam", "2024-03-01 00:00", f"{DAY} 18:00")
    await town.record("cam", f"{DAY} 00:00", f"{DAY} 06:00")
    await town.miss("cam", f"{DAY} 06:00", f"{DAY} 18:00", "disabled")
    await town.record("cam", f"{DAY} 18:01", "2024-03-06 00:00")
    found = await town.integrity("cam", DAY)
    assert found.scheduled_ms == 12 * HOUR_MS
    assert missing(found) == {"unknown": 1}
    await town.register("cam", "2024-03-01 00:00", "2024-03-07 00:00", enabled=False)
    off = await town.integrity("cam", "2024-03-08")
    assert (off.scheduled_ms, off.ratio, off.cameras) == (0, 1, 0)


async def test_a_camera_owes_from_its_creation_to_its_deletion(town: Town) -> None:
    await town.register("cam", f"{DAY} 06:00")
    await town.record("cam", f"{DAY} 07:00", f"{DAY} 20:00")
    found = await town.integrity("cam", DAY)
    assert (found.scheduled_ms, found.recorded_ms) == (18 * HOUR_MS, 13 * HOUR_MS)
    async with town.database.write() as connection:
        await connection.execute(sa.update(cameras).values(deleted_ms=town.at(f"{DAY} 21:00")))
    found = await town.integrity("cam", DAY, anew=True)
    assert (found.scheduled_ms, found.recorded_ms) == (15 * HOUR_MS, 13 * HOUR_MS)
    with pytest.raises(NotFoundError) as raised:
        await town.integrity("cam", "2024-03-07")
    assert raised.value.field == "period"


async def test_days_are_as_long_as_the_clock_makes_them(database_url: str, tmp_path: Path) -> None:
    cluster = Cluster(database_url, tmp_path, time_zone="Europe/Berlin")
    async with open_town(cluster, "Europe/Berlin") as town:
        await town.register("always", "2024-01-01 00:00")
        await town.register("night", "2024-01-01 00:00", schedule="mon-sun 02:00-03:00")
        scheduled = {
            (uid, day): (await town.integrity(uid, day)).scheduled_ms / HOUR_MS
            for uid in ("always", "night")
            for day in ("2024-03-30", "2024-03-31", "2024-10-27")
        }
        month = await town.integrity("always", "2024-10")
    assert list(scheduled.values()) == [24, 23, 25, 1, 0, 2]
    assert month.scheduled_ms == 31 * DAY_MS + HOUR_MS
    assert month.longest_gap_ms == month.scheduled_ms


async def test_a_day_that_goes_on_counts_up_to_three_minutes_ago(town: Town) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    await town.register("cam", f"{today(zone, 2)} 00:00")
    now_ms = SystemClock().now_ms()
    await town.record("cam", f"{today(zone)} 00:00", now_ms - MINUTE_MS)
    found = await town.integrity("cam", today(zone))
    assert abs(found.end_ms - (now_ms - 3 * MINUTE_MS)) < MINUTE_MS / 2
    assert found.scheduled_ms == found.recorded_ms == found.end_ms - found.start_ms
    assert await town.kept_days("cam") == []
    county = await town.integrity(COUNTY, today(zone))
    assert (county.cameras, county.ratio) == (1, 1)
    month = await town.integrity("cam", today(zone)[:7])
    assert month.days[-1].day == today(zone)
    assert month.longest_gap_ms >= DAY_MS


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


async def test_days_up_to_another_are_told_together_and_one_by_one(town: Town) -> None:
    await town.register("cam", "2024-03-01 00:00")
    await town.record("cam", "2024-03-04 00:00", "2024-03-05 12:00")
    found = await town.integrity("cam", "2024-03-04/2024-03-06")
    assert (found.start_ms, found.end_ms) == (town.at("2024-03-04 00:00"), town.at("2024-03-06 00:00"))
    assert [(day.day, day.recorded_ms // HOUR_MS) for day in found.days] == [
        ("2024-03-04", 24),
        ("2024-03-05", 12),
    ]
    assert found.recorded_ms == 36 * HOUR_MS
