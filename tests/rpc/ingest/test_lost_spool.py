"""A spool whose disk is gone: what was on it is in the ledger, apart from what the restart cost."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from services.ingest.recording.volume import MARKER
from simulator.server import CameraServer
from snowlight.api.ingest.v1 import camera_pb2
from tests.rpc.ingest.cluster import client_of, cluster_settings, running_ingest, running_storage, until
from tests.rpc.ingest.process import environment
from tests.rpc.ingest.village import GATE, fragments


@pytest.mark.parametrize("replaced", [False, True])
async def test_what_a_lost_spool_held_is_told_from_what_the_restart_cost(
    village: CameraServer,
    tmp_path: Path,
    replaced: bool,
) -> None:
    cluster = cluster_settings(tmp_path)
    spool = tmp_path / "spool"
    async with running_storage(cluster):
        async with running_ingest(cluster) as client:  # something is committed
            camera = await client.create("gate", village.url(GATE))
            _, before = await fragments(client, camera.uid, 4)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.ingest", env=environment(cluster)
        )
        try:
            async with client_of(cluster) as client:
                await client.registry.ListCameras(camera_pb2.ListCamerasRequest(), wait_for_ready=True)
                _, lost = await fragments(client, camera.uid, 8)
                await asyncio.sleep(2)  # the database knows that the gap before it has ended
        finally:
            process.send_signal(signal.SIGKILL)
            await process.wait()
        assert list(spool.glob("*.mp4"))
        shutil.rmtree(spool)
        if replaced:
            spool.mkdir()
            (spool / MARKER).write_text("another disk")
        restarted_ms = int(time.time() * 1000)
        async with running_ingest(cluster) as client:
            _, after = await fragments(client, camera.uid, 2)
            timeline = await until(
                lambda: client.timeline(camera.uid, before[0].start_ms, after[0].start_ms),
                lambda told: [gap.cause for gap in told.gaps][1:3] == ["spool_lost", "ingest_restart"],
            )
    stop, gone, restart = timeline.gaps[:3]
    assert stop.cause == "ingest_restart"
    assert gone.start_ms <= lost[0].start_ms
    assert lost[-1].end_ms <= gone.end_ms
    assert gone.end_ms == restart.start_ms
    assert abs(restart.start_ms - restarted_ms) < 5000


async def test_a_marker_that_was_deleted_beside_its_footage_loses_nothing(
    village: CameraServer,
    tmp_path: Path,
) -> None:
    cluster = cluster_settings(tmp_path)
    async with running_ingest(cluster) as client:  # storage is away: the spool keeps it
        camera = await client.create("gate", village.url(GATE))
        _, before = await fragments(client, camera.uid, 4)
    (tmp_path / "spool" / MARKER).unlink()
    async with running_storage(cluster), running_ingest(cluster) as client:
        timeline = await until(
            lambda: client.timeline(camera.uid, before[0].start_ms, before[-1].end_ms),
            lambda told: told.spans,
        )
        assert not timeline.gaps
    assert (tmp_path / "spool" / MARKER).exists()
