"""Whatever is not recorded from a camera's creation on has its cause."""

import asyncio
import time
from functools import partial

import pytest

from simulator.server import CameraServer
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import UnavailableError
from tests.rpc.ingest.cluster import Client, until
from tests.rpc.ingest.village import GATE, fragments


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
