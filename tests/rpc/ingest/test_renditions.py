"""Sub streams: pulled while somebody watches them, and never at the cost of what is recorded."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from simulator.camera import Camera
from simulator.faults import Faults
from simulator.loop.parameters import LoopParameters, Profile
from simulator.rtsp.authentication import Credentials
from simulator.server import CameraServer, serve_cameras
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.config import ClusterSettings
from snowlight.errors import InvalidArgumentError, NotFoundError, SnowlightError, UnavailableError
from snowlight.media.fragment import InitSection
from tests.rpc.ingest.cluster import Client, running_ingest
from tests.rpc.ingest.village import GATE, fragments
from tests.waiting import eventually

SMALL = Camera(
    "gate-sub",
    LoopParameters("柳林村 村口", "Liulin gate", profile=Profile.H264, width=160, height=90, bit_rate=60_000),
    credentials=Credentials("small", "另一个@:"),
)
CUT = replace(SMALL, path="cut", faults=Faults(close_every=4.0))
LINGER_S = 1.0


@pytest.fixture
async def street(loops: Path) -> AsyncIterator[CameraServer]:
    async with serve_cameras([GATE, SMALL, CUT], loops) as server:
        await server.encoded()
        yield server


@pytest.fixture
async def client(cluster: ClusterSettings) -> AsyncIterator[Client]:
    async with running_ingest(cluster, rendition_linger_seconds=LINGER_S) as running:
        yield running


async def gate(client: Client, street: CameraServer, sub: str) -> camera_pb2.Camera:
    """The camera with this sub stream, once it is recorded."""
    camera = await client.create("gate", street.url(GATE), sub_source_url=sub)
    await client.until_state(camera.name, camera_pb2.ONLINE)
    return camera


async def refused(client: Client, uid: str, rendition: str) -> SnowlightError:
    with pytest.raises(SnowlightError) as raised:
        await anext(client.watch(uid, rendition))
    return raised.value


async def test_a_sub_stream_is_pulled_once_for_all_who_watch_and_ends_after_the_last(
    street: CameraServer, client: Client
) -> None:
    camera = await gate(client, street, street.url(SMALL))
    await fragments(client, camera.uid, 3)
    assert street.clients(SMALL) == 0

    viewers = [client.watch(camera.uid, "sub") for _ in range(3)]
    inits = await asyncio.gather(*map(anext, viewers))
    assert {(init.width, init.height) for init in inits if isinstance(init, InitSection)} == {(160, 90)}
    assert street.clients(SMALL) == 1
    assert [each.running for each in await client.renditions(camera.uid)] == [True, True]
    for viewer in viewers[1:]:
        await viewer.aclose()  # type: ignore[attr-defined]
    await asyncio.sleep(2 * LINGER_S)
    assert street.clients(SMALL) == 1
    await viewers[0].aclose()  # type: ignore[attr-defined]

    async def ended() -> bool:
        return street.clients(SMALL) == 0

    await eventually(ended)
    assert street.clients(GATE) == 1
    main, sub = await client.renditions(camera.uid)
    assert (main.name, main.width, main.running) == ("main", 320, True)
    assert (sub.name, sub.width, sub.height, sub.running) == ("sub", 160, 90, False)
    assert sub.codecs.startswith("avc1.")
    assert sub.bits_per_second > 0
    assert sub.frames_per_second == pytest.approx(15, abs=1)


async def test_its_fragments_are_numbered_by_themselves_and_nothing_of_it_is_recorded(
    street: CameraServer, client: Client
) -> None:
    camera = await gate(client, street, street.url(SMALL))
    main, _ = await fragments(client, camera.uid, 1)
    init, received = await fragments(client, camera.uid, 12, "sub")
    assert init.discontinuity_sequence != main.discontinuity_sequence
    assert received[0].independent
    for before, after in pairwise(received):
        assert abs(after.start_ms - before.end_ms) <= 1
        assert (after.segment, after.part) > (before.segment, before.part)
    assert received[-1].segment > received[0].segment

    async def ended() -> bool:
        return street.clients(SMALL) == 0

    await eventually(ended)
    again, _ = await fragments(client, camera.uid, 1, "sub")
    assert again.session > init.session
    assert again.discontinuity_sequence > init.discontinuity_sequence


async def test_a_failing_sub_stream_is_told_of_and_the_main_one_goes_on(
    street: CameraServer, client: Client
) -> None:
    wrong = street.url(replace(SMALL, credentials=Credentials("small", "wrong")))
    camera = await gate(client, street, wrong)
    error = await refused(client, camera.uid, "sub")
    assert isinstance(error, UnavailableError)
    assert (error.code, "camera.auth_failed" in error.detail) == ("live.rendition_away", True)
    assert "wrong" not in str(error)
    await fragments(client, camera.uid, 3)
    status = await client.status(camera.name)
    assert (status.state, status.media.width) == (camera_pb2.ONLINE, 320)


async def test_viewers_are_told_when_it_goes_and_may_come_again(street: CameraServer, client: Client) -> None:
    camera = await gate(client, street, street.url(CUT))
    with pytest.raises(UnavailableError, match=r"live\.rendition_away: camera\.closed"):
        async for _ in client.watch(camera.uid, "sub"):
            pass

    async def back() -> bool:
        try:
            await fragments(client, camera.uid, 1, "sub")
        except UnavailableError:
            return False
        return True

    await eventually(back)


async def test_another_sub_stream_restarts_no_recording(street: CameraServer, client: Client) -> None:
    camera = await gate(client, street, street.url(SMALL))
    main, _ = await fragments(client, camera.uid, 1)
    watching = client.watch(camera.uid, "sub")
    await anext(watching)
    await client.update(camera.name, sub_source_url="")
    with pytest.raises(UnavailableError, match=r"live\.rendition_changed"):
        async for _ in watching:
            pass
    assert isinstance(await refused(client, camera.uid, "sub"), NotFoundError)
    same, _ = await fragments(client, camera.uid, 3)
    assert same.session == main.session


async def test_a_disabled_camera_has_no_sub_stream(street: CameraServer, client: Client) -> None:
    camera = await gate(client, street, street.url(SMALL))
    watching = client.watch(camera.uid, "sub")
    await anext(watching)
    await client.update(camera.name, enabled=False)
    with pytest.raises(UnavailableError):
        async for _ in watching:
            pass

    async def gone() -> bool:
        return street.clients(SMALL) == 0

    await eventually(gone)


async def test_a_rendition_that_is_none_is_refused_by_its_name(street: CameraServer, client: Client) -> None:
    camera = await gate(client, street, "")
    for rendition, kind in (("4k", InvalidArgumentError), ("sub", NotFoundError), ("360p", NotFoundError)):
        error = await refused(client, camera.uid, rendition)
        assert isinstance(error, kind)
        assert error.field == "rendition"
    assert [each.name for each in await client.renditions(camera.uid)] == ["main"]


async def test_a_sub_stream_that_was_never_seen_is_known_at_the_second_look(
    street: CameraServer, client: Client
) -> None:
    camera = await gate(client, street, street.url(SMALL))

    async def known() -> bool:
        _, sub = await client.renditions(camera.uid)
        return sub.width == 160

    assert not await known()
    await eventually(known)

    async def ended() -> bool:
        return street.clients(SMALL) == 0

    await eventually(ended)
