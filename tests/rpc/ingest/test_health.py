"""How well cameras' streams come, as SQLite and PostgreSQL keep it, as it is told, and of a real camera."""

from collections.abc import AsyncIterator

import grpc
import pytest
from prometheus_client import CollectorRegistry

from services.ingest.health.meter import HOUR_MS, HealthHour
from services.ingest.health.metrics import HealthMetrics
from services.ingest.health.repository import HealthRepository, LossyHours
from services.ingest.health.writer import HOURS_KEPT_MS, HealthWriter
from simulator.server import CameraServer
from snowlight.api.ingest.v1 import camera_pb2, health_pb2
from snowlight.media.fragment import Fragment
from tests.rpc.ingest.cluster import Client, until
from tests.rpc.ingest.conftest import Registry
from tests.rpc.ingest.registering import create
from tests.rpc.ingest.test_camera_events import kinds, read, until_synced, watching
from tests.rpc.ingest.village import GATE
from tests.unit.media.feed import HandClock

HOUR = 497_224 * HOUR_MS
REGION, OTHER = "regions/421381", "regions/371326"


@pytest.fixture
async def repository(registry: Registry) -> AsyncIterator[HealthRepository]:
    yield HealthRepository(registry.database)


def part(uid: str, hour_ms: int, **counts: int) -> HealthHour:
    return HealthHour(uid, hour_ms, **{"bytes": 1000, "media_ms": 500, "pictures": 12} | counts)


async def test_parts_of_an_hour_are_added_and_its_greatest_jitter_is_kept(
    registry: Registry, repository: HealthRepository
) -> None:
    uid = (await create(registry, "a")).uid
    await repository.add([part(uid, HOUR, received=100, lost=1, jitter_ms=40), part(uid, HOUR + HOUR_MS)])
    await repository.add([part(uid, HOUR, received=50, reconnects=2, jitter_ms=30)])
    assert await repository.hours(uid, HOUR) == [
        HealthHour(uid, HOUR, 2000, 1000, 24, 150, 1, 40, 2),
        HealthHour(uid, HOUR + HOUR_MS, 1000, 500, 12),
    ]
    assert len(await repository.hours(uid, HOUR + 1)) == 1


async def test_lossy_hours_are_told_by_region(registry: Registry, repository: HealthRepository) -> None:
    a, b = [(await create(registry, name, region=REGION)).uid for name in ("a", "b")]
    c = (await create(registry, "c", region=OTHER)).uid
    await repository.add(
        [
            part(a, HOUR, received=98, lost=2),
            part(b, HOUR, received=980, lost=20),
            part(c, HOUR, received=99, lost=1),
            part(a, HOUR + HOUR_MS, received=10, lost=10),
            part(b, HOUR + HOUR_MS),
        ]
    )
    found = await repository.lossy([a, b, c], HOUR, HOUR + 2 * HOUR_MS)
    assert sorted(found, key=lambda one: one.hour_ms) == [
        LossyHours(REGION, HOUR, 2),
        LossyHours(REGION, HOUR + HOUR_MS, 1),
    ]
    assert await repository.lossy([c], HOUR, HOUR + 2 * HOUR_MS) == []


async def test_hours_go_after_31_days_and_with_their_camera(
    registry: Registry, repository: HealthRepository
) -> None:
    a = await create(registry, "a")
    b = await create(registry, "b")
    await repository.add([part(uid, HOUR + at) for uid in (a.uid, b.uid) for at in (0, HOUR_MS)])
    await repository.forget(HOUR + HOUR_MS)
    assert [hour.hour_ms for hour in await repository.hours(a.uid, 0)] == [HOUR + HOUR_MS]
    await registry.cameras.delete(b.name, "")
    await repository.forget(HOUR)
    assert await repository.hours(b.uid, 0) == []
    assert HOURS_KEPT_MS == 31 * 24 * HOUR_MS


async def test_health_is_told_in_order_with_states_and_once_a_reader_is_synced(
    registry: Registry, repository: HealthRepository
) -> None:
    camera = await create(registry, "a")
    observer = registry.board.session(camera.uid, camera.name)
    clock = HandClock(HOUR)
    metrics = CollectorRegistry()
    writer = HealthWriter(
        registry.board.health, repository, HealthMetrics(metrics), clock, registry.board.change_health
    )
    async with watching(registry) as call:
        await until_synced(call)
        observer.on_state("online", "", HOUR)
        observer.on_fragment(Fragment(0, 0, HOUR, 500, True, False, (bytes(125_000),), 12))
        observer.on_received(99)
        observer.on_loss(1)
        writer.look(0)
        observer.on_fragment(Fragment(0, 1, HOUR + 500, 500, False, False, (bytes(125_000),), 12))
        writer.look(0)
        observer.on_state("offline", "network", HOUR + 1000)
        events = [await read(call) for _ in range(3)]
    assert kinds(events) == ["state", "health", "state"]
    told = events[1].health
    assert (told.uid, told.number) == (camera.uid, events[0].state.number + 1)
    assert told.health.bits_per_second == 2_000_000
    assert told.health.loss == pytest.approx(0.01)
    assert metrics.get_sample_value("snowlight_ingest_camera_loss_ratio_count") == 1
    assert events[2].state.number == told.number + 1
    assert metrics.get_sample_value("snowlight_ingest_camera_bits_per_second_sum") == 4_000_000


async def test_a_camera_that_is_watched_has_its_health(ingest: Client, village: CameraServer) -> None:
    camera = await ingest.create("gate", village.url(GATE))
    await ingest.until_state(camera.name, camera_pb2.ONLINE)

    async def health() -> health_pb2.CameraHealth:
        return await ingest.health.GetCameraHealth(health_pb2.GetCameraHealthRequest(name=camera.name))

    told: health_pb2.CameraHealth = await until(
        health, lambda told: told.stream.gop_pictures and told.stream.HasField("loss")
    )
    stream = told.stream
    assert stream.bits_per_second > 0
    assert stream.frames_per_second > 0
    assert stream.loss == 0
    assert stream.HasField("jitter_ms")
    assert stream.reconnects == told.reconnects_last_day == 0


async def test_health_of_no_camera_is_not_found(ingest: Client) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await ingest.health.GetCameraHealth(health_pb2.GetCameraHealthRequest(name="cameras/none"))
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
