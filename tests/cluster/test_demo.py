"""`make demo`: a village that is live soon, ends whole, and goes on with its footage."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from simulator.ports import free_port
from snowlight.api.access.v1 import camera_pb2, camera_pb2_grpc
from tests.cluster.person import Person, Timeline, now_ms, signed_in
from tests.cluster.village import H264_AAC
from tests.cluster.watching import expect_window
from tests.parts.part import ROOT
from tests.waiting import eventually

LIVE_WITHIN_S = 30


class Demo:
    """`python -m simulator.demo` as the leader of a session of its own, by which its processes are found."""

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        self.port = port
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> dict[str, Any]:
        """Returns what it announces once it is ready."""
        announcement = self.data / "demo.json"
        started_s = time.time()
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "simulator.demo"),
            *("--port", str(self.port), "--data", str(self.data), "--cameras", "2"),
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )

        async def announced() -> bool:
            assert process.returncode is None, "it ended by itself"
            # a killed demo leaves its announcement behind
            return announcement.exists() and announcement.stat().st_mtime >= started_s

        await eventually(announced, 100)
        content: dict[str, Any] = json.loads(announcement.read_text())
        return content

    async def end(self, number: signal.Signals) -> int:
        """Send it a signal. Returns its exit status, once none of its processes is left."""
        assert self._process is not None
        self._process.send_signal(number)
        status = await asyncio.wait_for(self._process.wait(), 40)

        async def all_gone() -> bool:
            return not self.processes()

        await eventually(all_gone, 40)
        return status

    def processes(self) -> list[int]:
        """What is left of its session."""
        assert self._process is not None
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text()
                except OSError:  # it has just ended
                    continue
                state, _, _, session = stat.rpartition(")")[2].split()[:4]
                if int(session) == self._process.pid and state != "Z":
                    found.append(int(entry.name))
        return found


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    running = Demo(tmp_path / "var", free_port())
    yield running
    for pid in running.processes():
        os.kill(pid, signal.SIGKILL)


async def timelines(person: Person, cameras: list[str], start_ms: float) -> list[Timeline]:
    return [await person.timeline(camera, start_ms) for camera in cameras]


async def wait_live(person: Person, cameras: list[str]) -> None:
    """Return once every camera shows pictures: the demo is ready before its cameras' first key frames."""
    for camera in cameras:
        await person.live_playlist(await person.live_url(camera))


async def wait_recorded(person: Person, cameras: list[str], since_ms: float) -> None:
    """Return once every camera has footage that began after `since_ms`."""

    async def recorded() -> bool:
        found = await timelines(person, cameras, since_ms)
        return all(timeline.spans and timeline.spans[-1].end_ms > since_ms + 2_000 for timeline in found)

    await eventually(recorded, LIVE_WITHIN_S)


async def cameras_behind_the_door(access: dict[str, str]) -> list[str]:
    """The cameras that the demo's public-security system is told of."""
    async with grpc.aio.secure_channel(access["address"], credentials_of(access)) as channel:
        stub: camera_pb2_grpc.CamerasAsyncStub = camera_pb2_grpc.CamerasStub(channel)
        answer = await stub.ListCameras(camera_pb2.ListCamerasRequest(), timeout=10)
    return sorted(camera.name for camera in answer.cameras)


def credentials_of(access: dict[str, str]) -> grpc.ChannelCredentials:
    ca, certificate, key = (Path(access[name]).read_bytes() for name in ("ca", "certificate", "key"))
    return grpc.ssl_channel_credentials(ca, key, certificate)


async def test_the_demo_is_live_soon_ends_whole_and_goes_on(demo: Demo) -> None:
    first = await demo.start()
    ready_ms = now_ms()
    assert set(first) == {"url", "username", "password", "cameras", "rtsp", "access"}
    assert first["url"] == f"http://127.0.0.1:{demo.port}"
    assert len(first["cameras"]) == len(first["rtsp"]) == 2
    async with signed_in(first["url"], first["username"], first["password"]) as person:
        await wait_live(person, first["cameras"])
        assert now_ms() - ready_ms < LIVE_WITHIN_S * 1000
        start_ms = now_ms()
        await wait_recorded(person, first["cameras"], start_ms)
    assert await demo.end(signal.SIGTERM) == 0
    assert not (demo.data / "demo.json").exists()

    second = await demo.start()
    assert second == first
    assert await cameras_behind_the_door(second["access"]) == sorted(second["cameras"])
    async with signed_in(second["url"], second["username"], second["password"]) as person:
        await wait_live(person, second["cameras"])
        again_ms = now_ms()
        await wait_recorded(person, second["cameras"], again_ms)
        with_sound = second["cameras"][0]
        await expect_window(person, with_sound, H264_AAC, start_ms, start_ms + 1_500)
    await demo.end(signal.SIGKILL)

    third = await demo.start()
    assert third == first
    async with signed_in(third["url"], third["username"], third["password"]) as person:
        await wait_recorded(person, third["cameras"], now_ms())
        for instant_ms in (start_ms, again_ms):
            await expect_window(person, with_sound, H264_AAC, instant_ms, instant_ms + 1_500)
        for timeline in await timelines(person, third["cameras"], start_ms):
            assert [gap.cause for gap in timeline.gaps] == ["ingest_restart", "ingest_restart"]
    assert await demo.end(signal.SIGTERM) == 0
