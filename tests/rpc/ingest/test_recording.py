"""From a camera's registration to its pictures and its committed footage."""

import time
from itertools import pairwise
from pathlib import Path

from simulator.server import CameraServer
from snowlight.api.ingest.v1 import camera_pb2
from tests.rpc.ingest.cluster import Client, cluster_settings, running_ingest, running_storage, until
from tests.rpc.ingest.village import GATE, fragments, later_gaps


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
