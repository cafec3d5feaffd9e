"""From a camera's registration to its pictures, its spool and its committed footage; and back on line."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from simulator.camera import Camera
from simulator.loop.parameters import LoopParameters, Profile
from simulator.rtsp.authentication import Credentials
from simulator.server import CameraServer, serve_cameras
from snowlight.api.ingest.v1 import camera_pb2, live_pb2
from snowlight.config import ClusterSettings
from snowlight.errors import InvalidArgumentError, NotFoundError, UnavailableError
from snowlight.media.fragment import Fragment, InitSection
from snowlight.rpc.status import remote_errors
from tests.rpc.ingest.cluster import (
    Client,
    client_of,
    cluster_settings,
    running_ingest,
    running_storage,
    until,
)

GATE = Camera(
    "gate",
    LoopParameters(
        "柳林村 村口", "Liulin gate", profile=Profile.H264, width=320, height=180, bit_rate=200_000
    ),
    credentials=Credentials("admin", "p@ss:雪亮"),
)


@pytest.fixture(scope="session")
def loops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("loops")


@pytest.fixture
async def village(loops: Path) -> AsyncIterator[CameraServer]:
    async with serve_cameras([GATE], loops) as server:
        await server.encoded()
        yield server


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[ClusterSettings]:
    settings = cluster_settings(tmp_path)
    async with running_storage(settings):
        yield settings


@pytest.fixture
async def ingest(cluster: ClusterSettings) -> AsyncIterator[Client]:
    async with running_ingest(cluster) as client:
        yield client


async def fragments(client: Client, uid: str, count: int) -> tuple[InitSection, list[Fragment]]:
    """What a new viewer receives: the init section and so many fragments after it."""
    watching = client.watch(uid)
    init = await anext(watching)
    assert isinstance(init, InitSection)
    received: list[Fragment] = []
    async for event in watching:
        assert isinstance(event, Fragment)
        received.append(event)
        if len(received) == count:
            break
    await watching.aclose()  # type: ignore[attr-defined]
    return init, received


async def test_a_registered_camera_is_seen_live_from_a_key_frame_on(
    village: CameraServer, ingest: Client
) -> None:
    camera = await ingest.create("gate", village.url(GATE))
    init, received = await fragments(ingest, camera.uid, 8)
    assert (init.width, init.height) == (320, 180)
    assert init.codecs.startswith("avc1.")
    assert init.data[4:8] == b"ftyp"
    assert received[0].independent
    for before, after in pairwise(received):
        assert abs(after.start_ms - before.end_ms) <= 1
        assert (after.segment, after.part) > (before.segment, before.part)
    assert abs(received[-1].end_ms - time.time() * 1000) < 3000

    status = await ingest.until_state(camera.name, camera_pb2.ONLINE)
    assert (status.media.video_codec, status.media.width) == ("h264", 320)
    assert [change.state for change in status.changes] == [camera_pb2.ONLINE, camera_pb2.CONNECTING]
    assert later_gaps(status, camera) == []


async def test_a_camera_is_accounted_for_from_its_creation_on(village: CameraServer, ingest: Client) -> None:
    cameras = {
        "reached": await ingest.create("reached", village.url(GATE)),
        "late": await ingest.create("late", "rtsp://127.0.0.1:9/live"),
        "off": await ingest.create("off", village.url(GATE), enabled=False),
        "never": await ingest.create("never", "rtsp://127.0.0.1:9/live"),
    }
    await asyncio.sleep(1.5)  # a shorter hole would be no gap
    await ingest.update(cameras["late"].name, source_url=village.url(GATE))
    await ingest.update(cameras["off"].name, enabled=True)
    first_ms: dict[str, int] = {}
    for name in ("reached", "late", "off"):
        _, received = await fragments(ingest, cameras[name].uid, 4)
        first_ms[name] = received[-1].end_ms
        await ingest.update(cameras[name].name, enabled=False)  # what was recorded is committed then

    told: dict[str, list[str]] = {}
    for name, end_ms in first_ms.items():
        camera = cameras[name]
        start_ms = camera.create_time.ToMilliseconds()
        timeline = await until(
            partial(ingest.timeline, camera.uid, start_ms, end_ms),
            lambda timeline: timeline.spans,
        )
        told[name] = [gap.cause for gap in timeline.gaps]
        if timeline.gaps:
            assert timeline.gaps[0].start_ms == start_ms
            assert timeline.gaps[-1].end_ms == timeline.spans[0].start_ms
    assert set(told["reached"]) <= {"camera_offline"}
    assert told["late"] == ["camera_offline"]
    assert told["off"][0] == "disabled"
    assert set(told["off"][1:]) <= {"camera_offline"}

    never = cameras["never"]
    start_ms = never.create_time.ToMilliseconds()
    timeline = await until(
        lambda: ingest.timeline(never.uid, start_ms, int(time.time() * 1000)),
        lambda timeline: timeline.gaps and timeline.gaps[0].cause != "unknown",
    )
    assert [(gap.start_ms, gap.cause) for gap in timeline.gaps] == [(start_ms, "camera_offline")]


async def test_a_restart_before_the_first_picture_leaves_the_camera_accounted_for(
    cluster: ClusterSettings,
) -> None:
    async with running_ingest(cluster) as client:
        camera = await client.create("away", "rtsp://127.0.0.1:9/live")
        await client.until_state(camera.name, camera_pb2.OFFLINE)
    async with running_ingest(cluster) as client:
        await client.until_state(camera.name, camera_pb2.OFFLINE)
        (gap,) = (await client.status(camera.name)).gaps
    assert (gap.start, gap.cause) == (camera.create_time, "camera_offline")
    assert not gap.HasField("end")


async def test_the_newest_minute_is_read_from_the_spool(village: CameraServer, ingest: Client) -> None:
    camera = await ingest.create("gate", village.url(GATE))
    _, received = await fragments(ingest, camera.uid, 6)
    wanted = received[1]
    listed = await ingest.live.ListSpool(
        live_pb2.ListSpoolRequest(camera_uid=camera.uid, start_ms=wanted.start_ms, end_ms=wanted.end_ms)
    )
    (file,) = listed.files
    assert file.start_ms <= wanted.start_ms < wanted.end_ms <= file.start_ms + file.duration_ms
    assert not listed.open_gap_cause
    request = live_pb2.ReadSpoolRequest(camera_uid=camera.uid, key=file.key)
    data = b"".join([part.data async for part in ingest.live.ReadSpool(request)])
    assert data[4:8] == b"ftyp"
    assert wanted.data in data
    request.offset, request.length = file.init_size, 100
    assert [part.data async for part in ingest.live.ReadSpool(request)] == [
        data[file.init_size : file.init_size + 100]
    ]


async def test_disabling_ends_the_stream_and_enabling_ends_the_gap(
    village: CameraServer, ingest: Client
) -> None:
    camera = await ingest.create("gate", village.url(GATE))
    watching = ingest.watch(camera.uid)
    await anext(watching)
    await ingest.update(camera.name, enabled=False)
    with pytest.raises(UnavailableError, match=r"camera\.offline"):
        async with asyncio.timeout(5):
            async for _ in watching:
                pass
    status = await ingest.until_state(camera.name, camera_pb2.DISABLED)
    (gap,) = later_gaps(status, camera)
    assert gap.cause == "disabled"
    assert not gap.HasField("end")
    with pytest.raises(UnavailableError, match="disabled"):
        await anext(ingest.watch(camera.uid))
    assert village.clients(GATE) == 0

    await asyncio.sleep(1.1)  # a shorter hole would be no gap
    await ingest.update(camera.name, enabled=True)
    await ingest.until_state(camera.name, camera_pb2.ONLINE)
    status = await until(
        lambda: ingest.status(camera.name), lambda status: all(gap.HasField("end") for gap in status.gaps)
    )
    *reconnecting, disabled = [gap.cause for gap in later_gaps(status, camera)]
    assert disabled == "disabled"
    assert reconnecting in ([], ["camera_offline"])  # a hole only where it took over a second


async def test_a_change_of_display_fields_leaves_the_session_alone_and_one_of_the_source_does_not(
    village: CameraServer, ingest: Client
) -> None:
    camera = await ingest.create("gate", village.url(GATE))
    before, _ = await fragments(ingest, camera.uid, 1)
    await ingest.update(camera.name, display_name="东门", dossier={"pole": "12"}, retention_days=7)
    await asyncio.sleep(1.5)  # longer than the registry takes to be followed
    assert (await fragments(ingest, camera.uid, 1))[0] == before
    assert len((await ingest.status(camera.name)).changes) == 2
    await ingest.update(camera.name, source_url=village.url(GATE) + "-none")
    status = await ingest.until_state(camera.name, camera_pb2.OFFLINE)
    assert status.state_reason.startswith("camera.not_found")


async def test_each_way_to_fail_is_told_and_disturbs_no_other_camera(
    village: CameraServer, ingest: Client
) -> None:
    bare = village.url(GATE).partition("@")[2]
    good = await ingest.create("good", village.url(GATE))
    bad = {
        "camera.auth_failed": await ingest.create("wrong", f"rtsp://admin:wrong@{bare}"),
        "camera.unreachable": await ingest.create("away", "rtsp://127.0.0.1:9/live"),
        "camera.host_denied": await ingest.create("outside", "rtsp://10.1.1.1/live"),
    }
    for code, camera in bad.items():
        status = await ingest.until_state(camera.name, camera_pb2.OFFLINE)
        assert status.state_reason.startswith(code)
        assert "wrong" not in status.state_reason
        with pytest.raises(UnavailableError, match=code):
            await anext(ingest.watch(camera.uid))
    assert (await ingest.status("cameras/wrong")).gaps[0].cause == "auth_failed"
    assert (await ingest.until_state(good.name, camera_pb2.ONLINE)).packets_lost == 0


async def test_deleting_ends_everything_but_the_footage(village: CameraServer, ingest: Client) -> None:
    camera = await ingest.create("gate", village.url(GATE))
    _, received = await fragments(ingest, camera.uid, 4)
    await ingest.registry.DeleteCamera(camera_pb2.DeleteCameraRequest(name=camera.name))

    async def refused() -> Any:
        try:
            await anext(ingest.watch(camera.uid))
        except (NotFoundError, UnavailableError) as error:
            return error
        return None

    await until(refused, lambda error: isinstance(error, NotFoundError))
    start_ms, end_ms = received[0].start_ms, received[-1].end_ms
    await until(
        lambda: ingest.timeline(camera.uid, start_ms, end_ms),
        lambda timeline: timeline.spans and timeline.spans[0].start_ms == start_ms,
    )


async def test_after_a_restart_the_footage_is_committed_and_the_hole_has_its_cause(
    village: CameraServer, cluster: ClusterSettings
) -> None:
    async with running_ingest(cluster) as client:
        camera = await client.create("gate", village.url(GATE))
        first, before = await fragments(client, camera.uid, 4)
    await asyncio.sleep(1.5)  # a shorter hole would be no gap
    async with running_ingest(cluster) as client:
        second, after = await fragments(client, camera.uid, 2)
        await _check_hole(client, camera, before[0].start_ms, after[0].start_ms)
        assert before[-1].segment < after[0].segment
        assert 0 < first.discontinuity_sequence < second.discontinuity_sequence < 1000


async def test_after_a_kill_the_spool_is_finished_and_the_hole_has_its_cause(
    village: CameraServer, cluster: ClusterSettings
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.ingest", env=_environment(cluster)
    )
    try:
        async with client_of(cluster) as client:
            camera = await until(
                lambda: _try_to_create(client, village.url(GATE)), lambda camera: camera is not None
            )
            first, before = await fragments(client, camera.uid, 4)
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()
    await asyncio.sleep(1.5)  # a shorter hole would be no gap
    async with running_ingest(cluster) as client:
        second, after = await fragments(client, camera.uid, 2)
        await _check_hole(client, camera, before[0].start_ms, after[0].start_ms)
        assert 0 < first.discontinuity_sequence < second.discontinuity_sequence < 1000


def later_gaps(status: camera_pb2.CameraStatus, camera: camera_pb2.Camera) -> list[camera_pb2.CameraGap]:
    """All gaps, newest first, but the one from the camera's creation to its first picture."""
    first = [gap for gap in status.gaps if gap.start == camera.create_time]
    assert [gap.cause for gap in first] in ([], ["camera_offline"])
    return [gap for gap in status.gaps if gap.start != camera.create_time]


async def _check_hole(client: Client, camera: camera_pb2.Camera, start_ms: int, end_ms: int) -> None:
    status = await until(
        lambda: client.status(camera.name), lambda status: status.gaps and status.gaps[0].HasField("end")
    )
    (gap,) = later_gaps(status, camera)
    assert gap.cause == "ingest_restart"
    assert gap.end.ToMilliseconds() <= end_ms
    timeline = await until(
        lambda: client.timeline(camera.uid, start_ms, gap.end.ToMilliseconds()),
        lambda timeline: timeline.spans and timeline.gaps,
    )
    (span,), (told,) = timeline.spans, timeline.gaps
    assert span.start_ms == start_ms
    assert abs(span.end_ms - gap.start.ToMilliseconds()) <= 1
    assert (told.cause, told.end_ms) == ("ingest_restart", gap.end.ToMilliseconds())
    segments = await until(
        lambda: client.live.ListSpool(
            live_pb2.ListSpoolRequest(camera_uid=camera.uid, start_ms=start_ms, end_ms=span.end_ms)
        ),
        lambda listed: not listed.files,
    )
    assert not segments.files


async def _try_to_create(client: Client, url: str) -> camera_pb2.Camera | None:
    try:
        with remote_errors("services/ingest"):
            return await client.create("gate", url)
    except UnavailableError:
        return None


def _environment(cluster: ClusterSettings) -> dict[str, str]:
    assert cluster.cluster_key is not None
    return {
        **os.environ,
        "SNOWLIGHT_DATA_DIR": str(cluster.data_dir),
        "SNOWLIGHT_CLUSTER_KEY": cluster.cluster_key.get_secret_value(),
        "SNOWLIGHT_STORAGE_ADDRESS": cluster.storage_address,
        "SNOWLIGHT_ADMIN_LISTEN": "127.0.0.1:0",
        "SNOWLIGHT_INGEST_LISTEN": cluster.ingest_address,
        "SNOWLIGHT_INGEST_SOURCE_NETWORKS": "127.0.0.0/8, ::1/128",
    }


async def test_recording_goes_on_while_storage_is_away(village: CameraServer, tmp_path: Path) -> None:
    cluster = cluster_settings(tmp_path)
    async with running_ingest(cluster) as client:
        camera = await client.create("gate", village.url(GATE))
        _, received = await fragments(client, camera.uid, 4)
        await client.update(camera.name, enabled=False)
        start_ms, end_ms = received[0].start_ms, received[-1].end_ms
        async with running_storage(cluster):
            await until(
                lambda: client.timeline(camera.uid, start_ms, end_ms), lambda timeline: timeline.spans
            )


@pytest.mark.parametrize(
    ("field", "request_"),
    [
        ("camera_uid", live_pb2.ListSpoolRequest(start_ms=1, end_ms=2)),
        ("camera_uid", live_pb2.ListSpoolRequest(camera_uid="../x", start_ms=1, end_ms=2)),
        ("end_ms", live_pb2.ListSpoolRequest(camera_uid="a", start_ms=2, end_ms=2)),
        ("offset", live_pb2.ReadSpoolRequest(camera_uid="a", key="rec/a", offset=-1)),
        ("length", live_pb2.ReadSpoolRequest(camera_uid="a", key="rec/a", length=-1)),
    ],
)
async def test_bad_requests_name_their_field(ingest: Client, field: str, request_: Any) -> None:
    with pytest.raises(InvalidArgumentError) as refused, remote_errors("services/ingest"):
        if isinstance(request_, live_pb2.ListSpoolRequest):
            await ingest.live.ListSpool(request_)
        else:
            [_ async for _ in ingest.live.ReadSpool(request_)]
    assert refused.value.field == field


async def test_what_is_not_in_the_spool_is_not_found(ingest: Client) -> None:
    for key in ("rec/a/20231114/1700000000000-60000-1-1-0123abcd.mp4", "../../etc/passwd", ""):
        with pytest.raises(NotFoundError), remote_errors("services/ingest"):
            [_ async for _ in ingest.live.ReadSpool(live_pb2.ReadSpoolRequest(camera_uid="a", key=key))]
    with pytest.raises(NotFoundError):
        await anext(ingest.watch("0123456789abcdefghjkmnpqrs"))
