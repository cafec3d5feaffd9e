"""Sessions that break by a fault of ours."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from services.ingest.camera import CameraSpec
from services.ingest.media.ring import Ring
from services.ingest.observer import CameraObserver
from services.ingest.pace import Pace
from services.ingest.registry.record import CameraRecord
from services.ingest.sources.source import Source
from services.ingest.status.board import CameraStatus
from services.ingest.supervised import Session
from services.ingest.supervisor import Supervisor
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.clock import SystemClock
from snowlight.shards import shard_of
from tests.rpc.ingest.cluster import until
from tests.rpc.ingest.conftest import Registry
from tests.rpc.ingest.registering import create

T = 1_700_000_000_000


class BrokenOrSteady:
    """A session that records for ever, or breaks at once if its camera's name says so."""

    def __init__(
        self, spec: CameraSpec, observer: CameraObserver, started: list[str], key_frame: asyncio.Event
    ) -> None:
        self.recorded_until_ms: int | None = None
        self._spec = spec
        self._observer = observer
        self._started = started
        self._key_frame = key_frame

    async def finish(self) -> None:
        self._started.append(f"{self._spec.name} finishes")
        await self._key_frame.wait()

    async def run(self) -> None:
        self._started.append(self._spec.name)
        if self._spec.name == "cameras/broken":
            raise ZeroDivisionError
        self._observer.on_state("online", "", T)
        self._observer.on_recording(T)
        self.recorded_until_ms = T + 5_000
        await asyncio.Event().wait()


@asynccontextmanager
async def supervising(
    registry: Registry, started: list[str], key_frame: asyncio.Event | None = None
) -> AsyncIterator[Supervisor]:
    """`key_frame`: that a session which is to finish waits for."""
    clock = SystemClock()
    awaited = key_frame or asyncio.Event()

    def spec_of(record: CameraRecord) -> CameraSpec:
        return CameraSpec(record.uid, record.name, record.source_url)

    def open_session(
        spec: CameraSpec,
        ring: Ring,
        observer: CameraObserver,
        ahead: Sequence[tuple[int, int]],
        first: Source | None,
    ) -> Session:
        if ahead:
            started.append(f"{spec.name} may not record over {ahead}")
        return BrokenOrSteady(spec, observer, started, awaited)

    async def recorded(uid: str, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
        return [(end_ms - 60_000, end_ms)]

    supervisor = Supervisor(
        feed=registry.feed,
        board=registry.board,
        clock=clock,
        pace=Pace(1000, 1000),
        spec_of=spec_of,
        new_ring=lambda uid: Ring(),
        open_session=open_session,
        open_standby=lambda spec: None,
        recorded=recorded,
        on_record=lambda record: None,
        on_dark=lambda uid: None,
        seen=(),
    )
    running = asyncio.create_task(supervisor.run())
    try:
        yield supervisor
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_a_session_that_breaks_is_told_tried_again_and_disturbs_no_other(registry: Registry) -> None:
    broken = await create(registry, "broken")
    steady = await create(registry, "steady")
    started: list[str] = []

    async def starts() -> int:
        return started.count(broken.name)

    async with supervising(registry, started):
        await until(starts, lambda count: count >= 2)
        status = registry.board.get(broken.uid)
        assert status is not None
        assert (status.state, status.reason) == (
            camera_pb2.OFFLINE,
            "camera.session_failed: internal error",
        )
        other = registry.board.get(steady.uid)
        assert other is not None
        assert other.state == camera_pb2.ONLINE
        assert started.count(steady.name) == 1
    gap = registry.board.gaps.open_gap(steady.uid)
    assert gap is not None
    assert (gap.start_ms, gap.cause) == (T + 5_000, "ingest_restart")


async def test_a_start_with_a_clock_that_went_back_records_over_nothing(registry: Registry) -> None:
    camera = await create(registry, "steady")
    later_ms = SystemClock().now_ms() + 3_600_000
    registry.board.gaps.start(camera.uid, later_ms, "ingest_restart")
    started: list[str] = []

    async def starts() -> list[str]:
        return started

    async with supervising(registry, started):
        await until(starts, lambda names: camera.name in names)
    assert started[0] == f"{camera.name} may not record over [({later_ms - 60_000}, {later_ms})]"


async def test_a_camera_that_is_deleted_while_its_shard_is_given_away_holds_that_up_no_longer(
    registry: Registry,
) -> None:
    camera = await create(registry, "steady")
    other = await create(registry, "other")
    started: list[str] = []
    key_frame = asyncio.Event()

    async def known() -> list[str]:
        return started

    async with supervising(registry, started, key_frame) as supervisor:
        await until(known, lambda names: {camera.name, other.name} <= set(names))
        shards = {shard_of(camera.uid), shard_of(other.uid)}
        ending = asyncio.create_task(supervisor.hand_over.end(shards))
        await until(known, lambda names: f"{camera.name} finishes" in names)
        await registry.stub.DeleteCamera(camera_pb2.DeleteCameraRequest(name=camera.name))

        async def ring() -> object:
            return supervisor.ring(camera.uid)

        await until(ring, lambda found: found is None)
        key_frame.set()
        async with asyncio.timeout(10):
            await ending


async def test_nothing_more_is_told_of_a_camera_from_the_moment_that_it_is_lost(registry: Registry) -> None:
    camera = await create(registry, "steady")

    async def status() -> CameraStatus | None:
        return registry.board.get(camera.uid)

    async with supervising(registry, []) as supervisor:
        await until(status, lambda found: found is not None and found.state == camera_pb2.ONLINE)
        registry.board.gaps.start(camera.uid, T, "camera_offline")
        supervisor.lose([shard_of(camera.uid)])
        assert registry.board.take() == []
        assert registry.board.gaps.take() == []
        assert registry.board.gaps.open_gap(camera.uid) is None
