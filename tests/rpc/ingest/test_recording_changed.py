"""A camera that is disabled, changed or deleted: its session ends or goes on as it should."""

import asyncio
from typing import Any

import pytest

from simulator.server import CameraServer
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import NotFoundError, UnavailableError
from tests.rpc.ingest.cluster import Client, until
from tests.rpc.ingest.village import GATE, fragments, later_gaps


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
