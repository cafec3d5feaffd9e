"""After a restart or a kill the spool is finished, and the hole has its cause."""

import asyncio
import signal
import sys

from simulator.server import CameraServer
from snowlight.api.ingest.v1 import camera_pb2, live_pb2
from snowlight.config import ClusterSettings
from snowlight.errors import UnavailableError
from snowlight.rpc.status import remote_errors
from tests.rpc.ingest.cluster import Client, client_of, running_ingest, until
from tests.rpc.ingest.process import environment
from tests.rpc.ingest.village import GATE, fragments, later_gaps


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
        sys.executable, "-m", "services.ingest", env=environment(cluster)
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
