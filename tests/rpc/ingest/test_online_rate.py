"""The online rate as SQLite and PostgreSQL keep it, and that of a camera that is really watched."""

from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

import grpc
import pytest
import sqlalchemy as sa

from services.ingest.online.days import LocalDays
from services.ingest.online.meter import HOUR_MS, OnlineMeter
from services.ingest.online.rates import OnlineRates
from services.ingest.online.repository import OnlineRepository
from services.ingest.online.writer import OnlineWriter
from simulator.server import CameraServer
from snowlight.api.ingest.v1 import camera_pb2, online_pb2
from snowlight.clock import SystemClock
from snowlight.config import ClusterSettings
from snowlight.errors import InvalidArgumentError
from snowlight.rpc.status import remote_errors
from snowlight.shards import SHARDS
from tests.rpc.ingest.cluster import Client, running_ingest, until
from tests.rpc.ingest.conftest import Registry
from tests.rpc.ingest.registering import create
from tests.rpc.ingest.village import GATE
from tests.unit.media.feed import HandClock

DAY_MS = 24 * HOUR_MS
MIDNIGHT = 1_790_006_400_000
"""Of a Tuesday in Shanghai."""
REGION, OTHER = "regions/421381", "regions/371326"
Request = online_pb2.GetOnlineRateRequest


class Watch:
    """An ingest's count of online time; `restart` makes another of the same database."""

    def __init__(self, registry: Registry) -> None:
        self.clock = HandClock(MIDNIGHT)
        self._days = LocalDays(ZoneInfo("Asia/Shanghai"))
        self._repository = OnlineRepository(registry.database)
        self._begin()

    def _begin(self) -> None:
        self.meter = OnlineMeter()
        self.writer = OnlineWriter(
            self.meter, self._repository, self._days, self.clock, lambda: range(SHARDS)
        )
        self.rates = OnlineRates(self.meter, self.writer, self._repository, self._days)

    async def restart(self) -> None:
        self._begin()
        await self.writer.restore(range(SHARDS))

    def at(self, hour: float) -> None:
        self.clock.ms = MIDNIGHT + hour * HOUR_MS

    async def hours(self, *uids: str, start: float, end: float) -> list[tuple[str, float, float, float]]:
        """Region, hour since midnight, hours enabled and hours online."""
        found = await self.rates.by_hour(uids, *(MIDNIGHT + round(at * HOUR_MS) for at in (start, end)))
        return [
            (
                one.region,
                (one.start_ms - MIDNIGHT) / HOUR_MS,
                one.enabled_ms / HOUR_MS,
                one.online_ms / HOUR_MS,
            )
            for one in found
        ]

    async def days(self, *uids: str, start: float, end: float) -> list[tuple[float, float, float]]:
        """Day since the first, hours enabled and hours online."""
        found = await self.rates.by_day(uids, *(MIDNIGHT + round(at * HOUR_MS) for at in (start, end)))
        return [
            ((one.start_ms - MIDNIGHT) / DAY_MS, one.enabled_ms / HOUR_MS, one.online_ms / HOUR_MS)
            for one in found
        ]


@pytest.fixture
async def watch(registry: Registry) -> AsyncIterator[Watch]:
    yield Watch(registry)


async def test_hours_are_told_by_region_up_to_now(registry: Registry, watch: Watch) -> None:
    a = (await create(registry, "a", region=REGION)).uid
    b = (await create(registry, "b", region=REGION)).uid
    c = (await create(registry, "c", region=OTHER)).uid
    hidden = (await create(registry, "d", region=OTHER)).uid
    for uid in (a, b, c, hidden):
        watch.meter.change(uid, camera_pb2.ONLINE, MIDNIGHT)
    watch.meter.change(b, camera_pb2.OFFLINE, MIDNIGHT + HOUR_MS // 2)
    watch.at(1.5)
    expected = [(OTHER, 0, 1, 1), (OTHER, 1, 0.5, 0.5), (REGION, 0, 2, 1.5), (REGION, 1, 1, 0.5)]
    assert await watch.hours(a, b, c, start=0, end=2) == expected
    assert await watch.hours(a, b, c, start=1.2, end=1.3) == expected[1::2]  # whole hours
    assert await watch.hours(a, start=2, end=3) == []


async def test_a_crash_loses_a_minute_and_the_outage_is_offline_time(
    registry: Registry, watch: Watch
) -> None:
    uid = (await create(registry, "a", region=REGION)).uid
    watch.meter.change(uid, camera_pb2.ONLINE, MIDNIGHT)
    watch.at(2.25)
    await watch.writer.round()
    watch.at(2.26)  # killed here
    watch.at(2.75)
    await watch.restart()
    watch.meter.change(uid, camera_pb2.CONNECTING, MIDNIGHT + round(2.75 * HOUR_MS))
    watch.meter.change(uid, camera_pb2.ONLINE, MIDNIGHT + round(2.8 * HOUR_MS))
    watch.at(3)
    assert await watch.hours(uid, start=0, end=3) == [
        (REGION, 0, 1, 1),
        (REGION, 1, 1, 1),
        (REGION, 2, 1, pytest.approx(0.45)),
    ]


async def test_hours_become_days_after_eight_days_and_days_go_after_400(
    registry: Registry, watch: Watch
) -> None:
    uid = (await create(registry, "a", region=REGION)).uid
    watch.meter.change(uid, camera_pb2.ONLINE, MIDNIGHT + 12 * HOUR_MS)
    watch.meter.change(uid, camera_pb2.OFFLINE, MIDNIGHT + 30 * HOUR_MS)
    watch.at(10 * 24)
    before = await watch.days(uid, start=0, end=10 * 24)
    assert before[:3] == [(0, 12, 12), (1, 24, 6), (2, 24, 0)]
    await watch.writer.tidy()
    assert await watch.days(uid, start=0, end=10 * 24) == before
    async with registry.database.read() as connection:
        kept = (await connection.execute(sa.text("SELECT min(hour_ms), count(*) FROM online_hours"))).one()
        assert kept[0] == MIDNIGHT + 2 * DAY_MS
    with pytest.raises(InvalidArgumentError, match="eight days"):
        await watch.hours(uid, start=24, end=48)
    watch.clock.ms = MIDNIGHT + 401 * DAY_MS
    watch.meter.remove(uid)
    await watch.writer.tidy()
    assert (await watch.days(uid, start=0, end=10 * 24))[0] == (1, 24, 6)


async def test_days_of_a_zone_with_half_hours_begin_with_their_first_hour() -> None:
    days = LocalDays(ZoneInfo("Asia/Kolkata"))
    noon = 1_790_006_400_000 + HOUR_MS * 12
    start = days.start_of(noon)
    assert start % HOUR_MS == 0
    assert days.start_of(start) == start
    assert days.start_of(start - 1) < start == days.next(days.start_of(start - 1))
    summer = LocalDays(ZoneInfo("Europe/Berlin"))
    march = summer.start_of(1_774_747_800_000)  # 2026-03-29, of 23 hours
    assert summer.next(march) - march == 23 * HOUR_MS


async def test_a_camera_that_is_watched_is_online_also_after_a_restart_of_ingest(
    cluster: ClusterSettings, village: CameraServer
) -> None:
    async with running_ingest(cluster) as client:
        camera = await client.create("gate", village.url(GATE))
        await client.until_state(camera.name, camera_pb2.ONLINE)
        first = await until(
            lambda: _rate(client, camera.uid), lambda rate: rate and rate[0].online_ms > 1_000
        )
        with pytest.raises(InvalidArgumentError) as refused, remote_errors("services/ingest"):
            await client.online_rates.GetOnlineRate(Request(camera_uids=["?"], step=Request.HOUR))
        assert refused.value.field == "camera_uids"
    async with running_ingest(cluster) as client:
        again = await until(
            lambda: _rate(client, camera.uid), lambda rate: rate[0].online_ms > first[0].online_ms + 1_000
        )
        assert again[0].enabled_ms > again[0].online_ms


async def _rate(client: Client, uid: str) -> list[online_pb2.OnlineSpan]:
    """Of today."""
    now_ms = SystemClock().now_ms()
    request = Request(camera_uids=[uid], start_ms=now_ms - DAY_MS, end_ms=now_ms, step=Request.DAY)
    try:
        spans = (await client.online_rates.GetOnlineRate(request)).spans
    except grpc.aio.AioRpcError:
        return []
    return list(spans)[-1:]
