"""Recording integrity, over gRPC, on both databases."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from services.storage.index.repository import Repository
from services.storage.ledger.account import CameraDays
from services.storage.ledger.causes import CAUSES
from services.storage.ledger.day_rows import LocalDay
from services.storage.ledger.lost import record_lost, withdraw_lost
from services.storage.retention.policies import PolicyRepository
from services.storage.retention.policy import Policy
from services.storage.service.validation import parse_commit
from services.storage.spans import Span
from services.storage.tables import cameras, segments
from snowlight.api.storage.v1 import integrity_pb2, storage_pb2
from snowlight.clock import SystemClock
from snowlight.errors import InvalidArgumentError, NotFoundError
from snowlight.rpc.status import remote_errors
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.days import DAY_MS, HOUR_MS, MINUTE_MS, Town, missing, objects, open_town, today
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from snowlight.database import Database

COUNTY = "regions/421381"
DAY = "2024-03-05"


@pytest.fixture
async def town(cluster: Cluster) -> AsyncIterator[Town]:
    async with open_town(cluster) as opened:
        yield opened


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


async def test_a_region_answers_for_a_camera_while_it_was_there(town: Town) -> None:
    await town.register("moved", "2024-03-01 00:00", region="regions/421381101")
    await town.register("moved", "2024-03-01 00:00", f"{DAY} 12:00", region="regions/4313")
    await town.register("stays", "2024-03-01 00:00", region="regions/421381101")
    await town.record("moved", f"{DAY} 06:00", f"{DAY} 15:00")
    await town.record("stays", f"{DAY} 00:00", f"{DAY} 23:00")

    left = await town.integrity(COUNTY, "2024-03")
    taken = await town.integrity("regions/43", "2024-03")
    assert (left.cameras, taken.cameras) == (2, 1)
    assert left.scheduled_ms == 31 * DAY_MS + 4 * DAY_MS + 12 * HOUR_MS
    assert left.recorded_ms == 29 * HOUR_MS
    assert taken.scheduled_ms == 26 * DAY_MS + 12 * HOUR_MS
    assert taken.recorded_ms == 3 * HOUR_MS
    assert (await town.integrity(COUNTY, DAY)).recorded_ms == 29 * HOUR_MS
    assert left.longest_gap_ms == 26 * DAY_MS + HOUR_MS, "of any one camera, over all days"

    alone = [await town.integrity(uid, "2024-03") for uid in ("moved", "stays")]
    assert left.scheduled_ms + taken.scheduled_ms == sum(each.scheduled_ms for each in alone)
    assert left.recorded_ms + taken.recorded_ms == sum(each.recorded_ms for each in alone)
    assert [each.day for each in left.days] == [f"2024-03-{day:02}" for day in range(1, 32)]
    assert sum(each.scheduled_ms for each in left.days) == left.scheduled_ms
    assert sum(each.recorded_ms for each in left.days) == left.recorded_ms
    assert left.days[4].ratio == pytest.approx(29 / 36)
    assert sum(each.ms for each in left.missing) == left.scheduled_ms - left.recorded_ms


async def test_a_region_is_told_from_its_neighbours(town: Town) -> None:
    village = "421381101201"
    for uid, code in (("one", f"{village}-g1"), ("ten", f"{village}-g10"), ("far", "421382")):
        await town.register(uid, "2024-03-01 00:00", region=f"regions/{code}")
    counted = {
        code: (await town.integrity(f"regions/{code}", DAY)).cameras
        for code in (f"{village}-g1", f"{village}-g10", village, "421381", "42", "421382")
    }
    assert list(counted.values()) == [1, 1, 2, 2, 3, 1]


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


async def test_footage_that_comes_late_counts(town: Town) -> None:
    await town.register("cam", "2024-03-01 00:00")
    await town.record("cam", f"{DAY} 00:00", f"{DAY} 12:00")
    await town.integrity("cam", "2024-03")
    await town.record("cam", f"{DAY} 23:00", "2024-03-06 01:00")
    stale = [day for day, is_stale in await town.kept_days("cam") if is_stale]
    assert stale == [DAY, "2024-03-06"], "and no other day is computed again"
    assert (await town.integrity("cam", DAY)).recorded_ms == 13 * HOUR_MS
    assert (await town.integrity(COUNTY, "2024-03")).recorded_ms == 14 * HOUR_MS
    assert not any(is_stale for _, is_stale in await town.kept_days("cam"))


class SlowReader:
    """Reads footage, and then takes until it may go on."""

    def __init__(self, database: Database) -> None:
        self._footage = Repository(database)
        self.has_read = asyncio.Event()
        self.may_go_on = asyncio.Event()

    async def list_footage(self, camera_uid: str, start_ms: int, end_ms: int) -> list[Span]:
        spans = await self._footage.list_footage(camera_uid, start_ms, end_ms)
        self.has_read.set()
        await self.may_go_on.wait()
        return spans


async def test_footage_that_comes_while_its_day_is_computed_counts(town: Town) -> None:
    await town.register("cam", "2024-03-01 00:00")
    clock = SystemClock()
    reader = SlowReader(town.database)
    computed = CameraDays(town.database, reader, town.zone)
    async with asyncio.TaskGroup() as at_once:
        day = LocalDay.of(date.fromisoformat(DAY), town.zone)
        at_once.create_task(computed.settle(["cam"], day, clock.now_ms()))
        await reader.has_read.wait()
        committing = at_once.create_task(town.record("cam", f"{DAY} 01:00", f"{DAY} 02:00"))
        await asyncio.wait([committing], timeout=0.5)
        reader.may_go_on.set()
    assert (await town.integrity("cam", DAY)).recorded_ms == HOUR_MS


async def test_causes_and_changes_that_come_late_count(town: Town) -> None:
    await town.register("cam", "2024-03-01 00:00")
    assert missing(await town.integrity("cam", DAY)) == {"unknown": 24 * 60}
    await town.miss("cam", f"{DAY} 00:00", f"{DAY} 10:00", "network")
    assert missing(await town.integrity("cam", DAY)) == {"unknown": 14 * 60, "network": 10 * 60}
    await town.register("cam", "2024-03-01 00:00", f"{DAY} 12:00", enabled=False)
    assert missing(await town.integrity("cam", DAY)) == {"network": 10 * 60, "unknown": 2 * 60}
    assert (await town.integrity("cam", "2024-03-06")).scheduled_ms == 0


async def test_an_object_that_is_lost_is_missing_from_then_on(town: Town) -> None:
    await town.register("cam", "2024-03-01 00:00")
    await town.record("cam", f"{DAY} 00:00", "2024-03-06 00:00")
    assert (await town.integrity("cam", DAY)).ratio == 1
    start_ms = town.at(f"{DAY} 05:00")
    async with town.database.write() as connection:
        await connection.execute(sa.delete(segments).where(segments.c.start_ms == start_ms))
        await record_lost(connection, "cam", [Span(start_ms, start_ms + HOUR_MS)])
    assert missing(await town.integrity("cam", DAY)) == {"lost_object": 60}
    (object_,) = objects("cam", start_ms, start_ms + HOUR_MS)
    (segment,) = parse_commit(storage_pb2.CommitSegmentsRequest(segments=[object_]), {"default"}).segments
    async with town.database.write() as connection:
        await Repository(town.database).insert_segments(connection, [segment])
        await withdraw_lost(connection, "cam", Span(start_ms, start_ms + HOUR_MS))
    assert (await town.integrity("cam", DAY)).ratio == 1, "and is recorded again when it comes back"


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


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (integrity_pb2.GetIntegrityRequest(period=DAY), "subject"),
        (integrity_pb2.GetIntegrityRequest(period=DAY, camera_uid="../x"), "camera_uid"),
        (integrity_pb2.GetIntegrityRequest(period=DAY, region="421381"), "region"),
        (integrity_pb2.GetIntegrityRequest(period=DAY, region="regions/42138"), "region"),
        (integrity_pb2.GetIntegrityRequest(period=DAY, region="regions/421381%"), "region"),
        (integrity_pb2.GetIntegrityRequest(period="", camera_uid="cam"), "period"),
        (integrity_pb2.GetIntegrityRequest(period="2024", camera_uid="cam"), "period"),
        (integrity_pb2.GetIntegrityRequest(period="2024-02-30", camera_uid="cam"), "period"),
        (integrity_pb2.GetIntegrityRequest(period="2024-13", camera_uid="cam"), "period"),
        (integrity_pb2.GetIntegrityRequest(period="0000-01", camera_uid="cam"), "period"),
        (integrity_pb2.GetIntegrityRequest(period="9999-12-31", camera_uid="cam"), "period"),
        (integrity_pb2.GetIntegrityRequest(period="2999-01", camera_uid="cam"), "period"),
        (integrity_pb2.GetIntegrityRequest(period="２０２４-01", camera_uid="cam"), "period"),
    ],
)
async def test_a_malformed_question_names_the_field(
    town: Town, request_: integrity_pb2.GetIntegrityRequest, field: str
) -> None:
    await town.register("cam", "2024-03-01 00:00")
    with pytest.raises(InvalidArgumentError) as raised, remote_errors("services/storage"):
        await town.reports.GetIntegrity(request_)
    assert raised.value.field == field


@pytest.mark.parametrize(("subject", "field"), [("nobody", "camera_uid"), ("regions/65", "region")])
async def test_what_never_was_is_not_found(town: Town, subject: str, field: str) -> None:
    await town.register("cam", "2024-03-01 00:00")
    with pytest.raises(NotFoundError) as raised:
        await town.integrity(subject, DAY)
    assert raised.value.field == field


async def test_days_are_closed_without_being_asked_for(cluster: Cluster) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    async with open_town(cluster) as town:
        await town.register("cam", f"{today(zone, 5)} 06:00", retention_days=30)
        await town.register("brief", f"{today(zone, 5)} 06:00", retention_days=1)
    async with open_town(cluster, integrity_seconds=0.1) as town:

        async def is_closed() -> bool:
            return [day for day, _ in await town.kept_days("cam")] == [
                today(zone, back) for back in (5, 4, 3)
            ]

        await eventually(is_closed)

        async def is_closed_before_it_expires() -> bool:
            return [day for day, _ in await town.kept_days("brief")] == [today(zone, 1)]

        await eventually(is_closed_before_it_expires)


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
