"""`snowlight ingest --workers 2` where cameras publish: both workers listen at the port that all are told."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.ports import free_port
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import SnowlightError
from snowlight.rpc.status import remote_errors
from tests.parts.publisher import publishing
from tests.rpc.ingest.cluster import Client, client_of
from tests.rpc.publishing.street import Street, open_town
from tests.waiting import eventually

CAMERAS = 4
PATIENCE_S = 90
LISTENS = "0A"
"""The state of a socket that listens (proc(5))."""


@dataclass(frozen=True)
class Machine:
    """Two workers of one parent, and who asks each."""

    parent: Process
    street: Street
    workers: tuple[Client, Client]

    def pids(self) -> list[int]:
        """Of the workers."""
        listed = Path(f"/proc/{self.parent.pid}/task/{self.parent.pid}/children").read_text()
        return [int(each) for each in listed.split()]

    async def is_online(self, camera: camera_pb2.Camera) -> bool:
        """Whether one of them gets its pictures."""
        for worker in self.workers:
            try:
                with remote_errors("services/ingest"):
                    if (await worker.status(camera.name)).state == camera_pb2.ONLINE:
                        return True
            except SnowlightError:  # the other one's, or it is just not there
                continue
        return False


def listeners(port: int) -> int:
    """How many sockets listen at a port of this machine (proc(5))."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == LISTENS for row in rows)


@pytest.fixture
async def machine(tmp_path: Path, postgres_url: str) -> AsyncIterator[Machine]:
    async with AsyncExitStack() as stack:
        town = await stack.enter_async_context(open_town(tmp_path))
        cluster = town.runtime.cluster
        host, _, port = cluster.ingest_address.rpartition(":")
        second = cluster.model_copy(update={"ingest_address": f"{host}:{int(port) + 1}"})
        rtmp, rtsp = free_port(), free_port()
        settings = {
            **os.environ,
            "SNOWLIGHT_DATA_DIR": str(cluster.data_dir),
            "SNOWLIGHT_ADMIN_LISTEN": "127.0.0.1:0",
            "SNOWLIGHT_AUTH_ADDRESS": cluster.auth_address,
            "SNOWLIGHT_STORAGE_ADDRESS": cluster.storage_address,
            "SNOWLIGHT_INGEST_LISTEN": cluster.ingest_address,
            "SNOWLIGHT_INGEST_DATABASE_URL": postgres_url,
            "SNOWLIGHT_INGEST_ADDRESS": cluster.ingest_address,
            "SNOWLIGHT_INGEST_PUBLISH_RTMP_LISTEN": f"127.0.0.1:{rtmp}",
            "SNOWLIGHT_INGEST_PUBLISH_RTSP_LISTEN": f"127.0.0.1:{rtsp}",
        }
        parent = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services", "ingest", "--workers", "2"), env=settings
        )
        try:
            one = await stack.enter_async_context(client_of(cluster))
            two = await stack.enter_async_context(client_of(second))
            for worker in (one, two):
                await worker.registry.ListCameras(camera_pb2.ListCamerasRequest(), wait_for_ready=True)
            street = Street(town.auth, one, town.keys, rtmp, rtsp, town.auth_stack)
            yield Machine(parent, street, (one, two))
        finally:
            if parent.returncode is None:
                parent.terminate()
            await parent.wait()


async def test_cameras_publish_at_one_port_whichever_worker_has_them(
    machine: Machine, films: dict[str, Path]
) -> None:
    street = machine.street
    assert [listeners(port) for port in (street.rtmp_port, street.rtsp_port)] == [2, 2]
    cameras = [
        await machine.workers[0].create(f"gate-{number}", "push:", audio=True) for number in range(CAMERAS)
    ]
    keys = [(await street.key(camera)).key for camera in cameras]

    async def all_online() -> bool:
        return all([await machine.is_online(camera) for camera in cameras])

    async with AsyncExitStack() as publishers:
        for number, key in enumerate(keys):
            url = street.url("rtmp" if number % 2 else "rtsp", f"gate-{number}", key)
            await publishers.enter_async_context(publishing(url, films["h264"]))
        await eventually(all_online, PATIENCE_S)
    os.kill(machine.pids()[0], signal.SIGKILL)
    async with AsyncExitStack() as publishers:  # they come again, to whoever is there
        for number, key in enumerate(keys):
            url = street.url("rtmp" if number % 2 else "rtsp", f"gate-{number}", key)
            await publishers.enter_async_context(publishing(url, films["h264"]))
        await eventually(all_online, PATIENCE_S)
