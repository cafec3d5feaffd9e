"""States and gaps as they are kept, told over gRPC and reported to storage."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from services.ingest.status.gaps import Gap
from services.ingest.status.reporter import GapReporter
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import UnavailableError
from tests.rpc.ingest.conftest import Registry, serve_registry
from tests.rpc.ingest.registering import create

T = 1_700_000_000_000


async def told(registry: Registry, name: str) -> camera_pb2.CameraStatus:
    return await registry.stub.GetCameraStatus(camera_pb2.GetCameraStatusRequest(name=name))


async def test_the_newest_fifty_changes_are_kept_and_told_newest_first(registry: Registry) -> None:
    camera = await create(registry, "a")
    other = await create(registry, "b")
    registry.board.session(other.uid, other.name).on_state("online", "", T)
    observer = registry.board.session(camera.uid, camera.name)
    for number in range(40):
        observer.on_state("online", "", T + 2_000 * number)
        observer.on_state("offline", "camera.closed: the stream ended", T + 2_000 * number + 1_000)
        if number % 7 == 0:
            await registry.writer.flush()
    status = await told(registry, camera.name)
    times = [change.time.ToMilliseconds() for change in status.changes]
    assert times == [T + 1_000 * number for number in range(79, 29, -1)]
    assert status.state == camera_pb2.OFFLINE
    assert status.state_time.ToMilliseconds() == times[0]
    assert len((await told(registry, other.name)).changes) == 1


async def test_retries_of_a_camera_that_stays_away_are_no_changes(registry: Registry) -> None:
    camera = await create(registry, "a")
    observer = registry.board.session(camera.uid, camera.name)
    for number in range(5):
        observer.on_state("connecting", "", T + 10 * number)
        observer.on_state("offline", "camera.timeout: says nothing", T + 10 * number + 5)
    observer.on_state("offline", "camera.auth_failed: 401 after Digest", T + 100)
    status = await told(registry, camera.name)
    assert [change.reason.partition(":")[0] for change in status.changes] == [
        "camera.auth_failed",
        "camera.timeout",
        "",
    ]


async def test_states_and_gaps_outlive_the_process(database_url: str) -> None:
    async with serve_registry(database_url) as registry:
        camera = await create(registry, "a")
        observer = registry.board.session(camera.uid, camera.name)
        observer.on_state("offline", "camera.timeout: says nothing", T)
        observer.on_gap_start(T, "camera_offline")
        await registry.writer.flush()
    async with serve_registry(database_url) as registry:
        observer = registry.board.session(camera.uid, camera.name)
        observer.on_gap_start(T + 60_000, "camera_offline")
        observer.on_recording(T + 90_000)
        observer.on_state("online", "", T + 90_000)
        status = await told(registry, camera.name)
    assert [change.state for change in status.changes] == [camera_pb2.ONLINE, camera_pb2.OFFLINE]
    (gap,) = status.gaps
    assert (gap.start.ToMilliseconds(), gap.end.ToMilliseconds()) == (T, T + 90_000)
    assert gap.cause == "camera_offline"


async def test_what_the_camera_clock_is_off_by_is_told_once_it_is_known(registry: Registry) -> None:
    camera = await create(registry, "a")
    observer = registry.board.session(camera.uid, camera.name)
    assert not (await told(registry, camera.name)).HasField("clock_offset_ms")
    observer.on_camera_clock(-3_600_000)
    assert (await told(registry, camera.name)).clock_offset_ms == -3_600_000
    observer.on_camera_clock(0)
    status = await told(registry, camera.name)
    assert status.HasField("clock_offset_ms")
    assert status.clock_offset_ms == 0
    registry.board.session(camera.uid, camera.name)
    assert not (await told(registry, camera.name)).HasField("clock_offset_ms")


async def test_a_discontinuity_is_logged_with_its_camera_and_reason(registry: Registry) -> None:
    camera = await create(registry, "a")
    with capture_logs() as logged:
        registry.board.session(camera.uid, camera.name).on_discontinuity("timestamps jumped", T)
    assert logged == [
        {
            "event": "camera.discontinuity",
            "log_level": "info",
            "camera": "cameras/a",
            "reason": "timestamps jumped",
        }
    ]


class Storage:
    """Takes reports, or does not, and remembers them."""

    def __init__(self) -> None:
        self.reports: list[list[tuple[int, int, str]]] = []
        self.away = False

    async def __call__(self, gaps: Sequence[Gap]) -> None:
        if self.away:
            raise UnavailableError("storage.unavailable")
        self.reports.append([(gap.start_ms, gap.end_ms or 0, gap.cause) for gap in gaps])


async def test_each_gap_is_reported_when_it_begins_and_when_it_ends_however_often_it_takes(
    registry: Registry,
) -> None:
    camera = await create(registry, "a")
    observer = registry.board.session(camera.uid, camera.name)
    storage = Storage()
    reporter = GapReporter(registry.statuses, storage)
    observer.on_gap_start(T, "network")
    await registry.writer.flush()
    storage.away = True
    with pytest.raises(UnavailableError):
        await reporter.report()
    storage.away = False
    await reporter.report()
    await reporter.report()
    assert storage.reports == [[(T, 0, "network")]]
    observer.on_recording(T + 9_000)
    await registry.writer.flush()
    await reporter.report()
    await reporter.report()
    assert storage.reports[1:] == [[(T, T + 9_000, "network")]]


async def test_a_gap_that_turns_out_too_short_for_one_is_told_no_more_and_closed_at_storage(
    registry: Registry,
) -> None:
    camera = await create(registry, "a")
    observer = registry.board.session(camera.uid, camera.name)
    storage = Storage()
    reporter = GapReporter(registry.statuses, storage)
    observer.on_gap_start(T, "network")
    assert [gap.cause for gap in (await told(registry, camera.name)).gaps] == ["network"]
    await reporter.report()
    observer.on_recording(T + 1_000)
    assert not (await told(registry, camera.name)).gaps
    await reporter.report()
    assert storage.reports == [[(T, 0, "network")], [(T, T + 1_000, "network")]]
    observer.on_gap_start(T + 5_000, "network")
    observer.on_recording(T + 6_001)
    (gap,) = (await told(registry, camera.name)).gaps
    assert gap.start.ToMilliseconds() == T + 5_000


async def test_a_gap_that_ends_while_it_is_reported_is_reported_again(registry: Registry) -> None:
    camera = await create(registry, "a")
    observer = registry.board.session(camera.uid, camera.name)
    storage = Storage()
    observer.on_gap_start(T, "network")
    await registry.writer.flush()

    async def end_meanwhile(gaps: Sequence[Gap]) -> None:
        await storage(gaps)
        if gaps[0].end_ms is None:
            observer.on_recording(T + 9_000)
            await registry.writer.flush()

    await GapReporter(registry.statuses, end_meanwhile).report()
    assert storage.reports == [[(T, 0, "network")], [(T, T + 9_000, "network")]]


async def test_old_gaps_go_once_they_are_reported_and_those_of_deleted_cameras_too(
    registry: Registry,
) -> None:
    camera = await create(registry, "a")
    observer = registry.board.session(camera.uid, camera.name)
    for number in range(60):
        observer.on_gap_start(T + 10_000 * number, "network")
        observer.on_recording(T + 10_000 * number + 5_000)
    await registry.writer.flush()
    assert len(await registry.statuses.unreported_gaps(100)) == 60
    storage = Storage()
    await GapReporter(registry.statuses, storage).report()
    assert sum(map(len, storage.reports)) == 60
    observer.on_gap_start(T + 600_000, "network")
    assert len((await told(registry, camera.name)).gaps) == 50
    async with registry.database.read() as connection:
        assert (await connection.execute(sa.text("SELECT min(start_ms), count(*) FROM gaps"))).one() == (
            T + 110_000,
            50,
        )
    observer.on_recording(T + 605_000)
    observer.on_session(1)
    await registry.writer.flush()
    assert await registry.statuses.discontinuities() == {camera.uid: 1}
    await GapReporter(registry.statuses, storage).report()
    await registry.cameras.delete(camera.name, "")
    await registry.statuses.forget_deleted()
    assert await registry.statuses.gaps(camera.uid) == []
    assert await registry.statuses.changes(camera.uid) == []
    assert await registry.statuses.discontinuities() == {}


async def test_the_newest_count_of_discontinuities_is_kept_even_if_the_database_was_away(
    registry: Registry,
) -> None:
    a, b = [await create(registry, name) for name in ("a", "b")]
    observers = [registry.board.session(camera.uid, camera.name) for camera in (a, b)]
    for observer in observers:
        observer.on_session(7)
    await registry.writer.flush()
    for observer in observers:
        observer.on_session(8)
    failed = registry.board.take_discontinuities()
    observers[1].on_session(9)
    registry.board.put_back_discontinuities(failed)
    await registry.writer.flush()
    assert await registry.statuses.discontinuities() == {a.uid: 8, b.uid: 9}
