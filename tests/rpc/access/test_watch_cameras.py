"""A bureau hears of cameras as they are, and of what changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from snowlight.api.access.v1 import camera_pb2
from snowlight.api.auth.v1 import auth_pb2, revocation_pb2
from snowlight.api.ingest.v1 import camera_pb2 as registry_pb2
from snowlight.errors import InvalidArgumentError, NotFoundError, UnauthenticatedError, UnavailableError
from snowlight.rpc.status import remote_errors
from tests.rpc.access.door import Bureau, Door
from tests.rpc.gateway.people import COUNTY, OTHER, VILLAGE

SOON_S = 10.0


class Watcher:
    """Reads when it is told to."""

    def __init__(self, answers: AsyncIterator[camera_pb2.WatchCamerasResponse]) -> None:
        self._answers = answers
        self.token = ""
        """The newest that was told."""

    async def next(self, timeout_s: float = SOON_S) -> camera_pb2.WatchCamerasResponse:
        with remote_errors("services/gateway"):
            async with asyncio.timeout(timeout_s):
                answer = await anext(self._answers)
        self.token = answer.resume_token or self.token
        return answer

    async def synced(self) -> list[str]:
        """The names of all cameras, told from `reset` to `synced`; nothing among them can be resumed from."""
        assert (await self.next()).WhichOneof("event") == "reset"
        names: list[str] = []
        while (answer := await self.next()).WhichOneof("event") == "camera":
            assert not answer.resume_token
            names.append(answer.camera.name)
        assert answer.WhichOneof("event") == "synced"
        return names


@asynccontextmanager
async def listening(bureau: Bureau, region: str = "", token: str = "") -> AsyncIterator[Watcher]:
    request = camera_pb2.WatchCamerasRequest(region=region, resume_token=token)
    call = bureau.cameras.WatchCameras(request, metadata=bureau.officer())
    try:
        yield Watcher(aiter(call))
    finally:
        call.cancel()


async def test_all_cameras_and_then_what_changes_of_each(door: Door, bureau: Bureau) -> None:
    uid = await door.site.add_camera("gate")
    await door.site.add_camera("town", region=COUNTY)
    async with listening(bureau) as everything, listening(bureau, VILLAGE) as village:
        assert await everything.synced() == ["cameras/gate", "cameras/town"]
        assert await village.synced() == ["cameras/gate"]
        door.site.ingest.set_state("cameras/gate", uid, registry_pb2.OFFLINE, "camera.timeout: silent")
        for watcher in (everything, village):
            camera = (await watcher.next()).camera
            assert (camera.uid, camera.state) == (uid, camera_pb2.CAMERA_STATE_OFFLINE)
            assert (camera.state_reason, camera.HasField("state_time")) == ("camera.timeout: silent", True)
        await door.site.add_camera("hall", region=COUNTY)
        await door.site.add_camera("yard")
        assert (await everything.next()).camera.name == "cameras/hall"
        assert (await everything.next()).camera.name == "cameras/yard"
        assert (await village.next()).camera.name == "cameras/yard"


async def test_another_gateway_goes_on_where_a_call_broke_off(door: Door, bureau: Bureau) -> None:
    uid = await door.site.add_camera("gate")
    async with listening(bureau) as watcher:
        await watcher.synced()
    await door.site.add_camera("yard")
    status, _ = await door.site.call("DELETE", "/v1/cameras/gate", await door.site.token("root"))
    assert status == 204
    async with listening(bureau, token=watcher.token) as again:  # it knows what could be seen before
        assert (await again.next()).camera.name == "cameras/yard"
        assert (await again.next()).deleted.uid == uid
    async with door.another() as address, listening(bureau.at(door, address), token=again.token) as elsewhere:
        await door.site.add_camera("mill")
        assert (await elsewhere.next()).camera.name == "cameras/mill"


async def test_of_another_county_nothing_is_told(door: Door, bureau: Bureau) -> None:
    other = await door.enrol("other", OTHER)
    async with listening(other) as watcher:
        assert await watcher.synced() == []
        await door.site.add_camera("gate")
        async with listening(bureau) as beside:
            assert await beside.synced() == ["cameras/gate"]
        with pytest.raises(TimeoutError):
            await watcher.next(1)


async def test_it_ends_with_the_clients_session_and_when_the_gateway_stops(
    door: Door, bureau: Bureau
) -> None:
    async with listening(bureau) as watcher:
        await watcher.synced()
        async with door.another() as address:
            elsewhere = listening(bureau.at(door, address))
            other = await elsewhere.__aenter__()
            await other.synced()
        with pytest.raises(UnavailableError) as stopped:
            await other.next()
        await elsewhere.__aexit__(None, None, None)
        assert (stopped.value.code, stopped.value.retry_after_s) == ("access.stopping", 1)
        await door.site.revoke(revocation_pb2.PRINCIPAL, bureau.client.principal)
        with pytest.raises(UnauthenticatedError) as ended:
            await watcher.next(2)
    assert ended.value.code == "auth.session_revoked"


@pytest.mark.parametrize(
    ("region", "token", "field"),
    [("", "1.2", "resume_token"), ("", "reset", "resume_token"), (OTHER, "", "region")],
)
async def test_what_cannot_be_asked_is_refused_by_name(
    bureau: Bureau, region: str, token: str, field: str
) -> None:
    async with listening(bureau, region, token) as watcher:
        with pytest.raises((InvalidArgumentError, NotFoundError)) as refused:
            await watcher.next()
    assert refused.value.field == field


async def test_a_camera_that_goes_out_of_sight_is_deleted_to_who_saw_it(door: Door) -> None:
    village = await door.enrol("village", VILLAGE, line=auth_pb2.GOVERNMENT)
    uid = await door.site.add_camera("gate")
    async with listening(village) as watcher:
        assert await watcher.synced() == ["cameras/gate"]
        token = await door.site.token("root")
        status, _ = await door.site.call("PATCH", "/v1/cameras/gate", token, json={"region": COUNTY})
        assert status == 200
        assert (await watcher.next()).deleted.uid == uid
        status, _ = await door.site.call("PATCH", "/v1/cameras/gate", token, json={"region": VILLAGE})
        assert status == 200
        assert (await watcher.next()).camera.uid == uid
        with pytest.raises(TimeoutError):
            await watcher.next(1)
