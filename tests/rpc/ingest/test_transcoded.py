"""Renditions that are encoded anew while somebody watches: the source's numbers, and a budget."""

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import av
import pytest

from services.ingest.config import TranscodingSettings
from simulator.camera import Camera
from simulator.loop.parameters import LoopParameters, Profile
from simulator.ports import free_port
from simulator.server import CameraServer, serve_cameras
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.config import ClusterSettings
from snowlight.errors import ResourceExhaustedError, UnavailableError
from snowlight.media.fragment import Fragment, InitSection
from tests.rpc.ingest.cluster import Client, running_ingest, until
from tests.rpc.ingest.village import fragments

MODERN = Camera(
    "modern",
    LoopParameters(
        "柳林村 村口", "Liulin gate", profile=Profile.H265_G711, width=640, height=480, bit_rate=400_000
    ),
)


@pytest.fixture
async def street(loops: Path) -> AsyncIterator[CameraServer]:
    async with serve_cameras([MODERN], loops) as server:
        await server.encoded()
        yield server


@asynccontextmanager
async def recording(
    cluster: ClusterSettings, street: CameraServer, cores: float
) -> AsyncIterator[tuple[Client, camera_pb2.Camera]]:
    """Ingest with so many cores for transcoding, and the camera, online."""
    transcode = TranscodingSettings(cores=cores)
    async with running_ingest(cluster, transcode=transcode, rendition_linger_seconds=1) as client:
        camera = await client.create("modern", street.url(MODERN))
        await client.until_state(camera.name, camera_pb2.ONLINE)
        await until(lambda: client.status(camera.name), lambda status: status.media.width)
        yield client, camera


async def names(client: Client, uid: str) -> list[str]:
    return [each.name for each in await client.renditions(uid)]


async def test_a_rung_has_the_numbers_and_instants_of_what_it_is_made_of(
    cluster: ClusterSettings, street: CameraServer
) -> None:
    async with recording(cluster, street, 4) as (client, camera):
        main, *expected = await client.renditions(camera.uid)
        assert main.codecs.startswith("hvc1")
        assert [(each.name, each.height, each.codecs[:7]) for each in expected] == [
            ("h264", 480, "avc1.64"),
            ("360p", 360, "avc1.64"),
        ]
        of_main: dict[tuple[int, int], Fragment] = {}
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(_collect(client, camera.uid, of_main))
            init, made = await fragments(client, camera.uid, 10, "360p")
            await asyncio.sleep(1)
            watching.cancel()
        assert (init.width, init.height) == (480, 360)
        assert init.codecs.startswith("avc1.64")
        assert made[0].independent
        for before, after in pairwise(made):
            assert (after.segment, after.part) > (before.segment, before.part)
        shared = [(each, of_main[each.segment, each.part]) for each in made if _place(each) in of_main]
        assert len(shared) > 5
        for one, other in shared:
            assert (one.start_ms, one.duration_ms, one.independent) == (
                other.start_ms,
                other.duration_ms,
                other.independent,
            )
        data = io.BytesIO(init.data + b"".join(each.data for each in made))
        with av.open(data, "r") as container:
            sizes = {(frame.width, frame.height) for frame in container.decode(video=0)}
        assert sizes == {(480, 360)}


async def test_all_viewers_share_a_transcode_which_ends_after_the_last(
    cluster: ClusterSettings, street: CameraServer
) -> None:
    async with recording(cluster, street, 0.5) as (client, camera):
        viewers = [client.watch(camera.uid, "h264") for _ in range(3)]
        inits = await asyncio.gather(*map(anext, viewers))
        assert {(init.width, init.height) for init in inits if isinstance(init, InitSection)} == {(640, 480)}
        assert street.clients(MODERN) == 1
        for viewer in viewers:
            await viewer.aclose()  # type: ignore[attr-defined]
        await until(
            lambda: client.renditions(camera.uid), lambda told: not any(each.running for each in told[1:])
        )


async def test_what_the_cores_do_not_suffice_for_is_refused_and_the_main_stream_goes_on(
    cluster: ClusterSettings, street: CameraServer
) -> None:
    async with recording(cluster, street, 0.01) as (client, camera):
        with pytest.raises(ResourceExhaustedError, match=r"transcode\.no_capacity: .*cores"):
            await anext(client.watch(camera.uid, "h264"))
        init, _ = await fragments(client, camera.uid, 3)
        assert init.codecs.startswith("hvc1")


async def test_without_cores_none_are_offered(cluster: ClusterSettings, street: CameraServer) -> None:
    async with recording(cluster, street, 0) as (client, camera):
        assert await names(client, camera.uid) == ["main"]


async def test_of_a_camera_without_a_picture_there_may_be_one_later(
    cluster: ClusterSettings, street: CameraServer
) -> None:
    async with recording(cluster, street, 4) as (client, _):
        away = await client.create("away", f"rtsp://127.0.0.1:{free_port()}/live")
        with pytest.raises(UnavailableError, match=r"live\.no_picture"):
            await anext(client.watch(away.uid, "h264"))


async def test_it_ends_with_its_camera(cluster: ClusterSettings, street: CameraServer) -> None:
    async with recording(cluster, street, 4) as (client, camera):
        watching = client.watch(camera.uid, "360p")
        await anext(watching)
        await client.update(camera.name, enabled=False)
        with pytest.raises(UnavailableError):
            async for _ in watching:
                pass


async def test_who_watches_a_transcode_that_is_killed_is_told_and_may_come_again(
    cluster: ClusterSettings, street: CameraServer
) -> None:
    async with recording(cluster, street, 4) as (client, camera):
        before = _children()
        watching = client.watch(camera.uid, "360p")
        await anext(watching)
        (process,) = _children() - before
        os.kill(process, signal.SIGKILL)
        with pytest.raises(UnavailableError, match=r"transcode\.process_ended"):
            async for _ in watching:
                pass
        await fragments(client, camera.uid, 3)
        init, _ = await fragments(client, camera.uid, 3, "360p")
        assert init.height == 360


async def _collect(client: Client, uid: str, into: dict[tuple[int, int], Fragment]) -> None:
    async for event in client.watch(uid):
        if isinstance(event, Fragment):
            into[_place(event)] = event


def _place(fragment: Fragment) -> tuple[int, int]:
    return fragment.segment, fragment.part


def _children() -> set[int]:
    """Processes that this one has begun."""
    told = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return {int(process) for process in told.split()}
