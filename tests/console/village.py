"""What the console looks at: a village of cameras in front of `snowlight all`."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from simulator.camera import Camera
from simulator.loop.parameters import LoopParameters, Profile
from simulator.ports import free_port
from simulator.rtsp.authentication import Credentials
from simulator.server import serve_cameras
from tests.parts.part import CACHE
from tests.parts.snowlight import Snowlight, run_embedded
from tests.person import Person, now, signed_in
from tests.waiting import eventually

USERNAME = "chen"
VILLAGE, NEXT_VILLAGE = "regions/421381901901", "regions/421381901902"
WALL = ("bridge", "clinic", "gate", "square")
"""Cameras that every browser plays: H.264, with and without sound."""
H265, OFFLINE = "river", "tower"
SMALL_LINES = 180
"""Of a sub stream's pictures."""

_REGIONS = """code,parent,level,display_name
421381,,county,广水市
421381901,421381,town,青溪镇
421381901901,421381901,village,柳林村
421381901902,421381901,village,桃园村
"""
_WITH_SOUND = LoopParameters("柳林村 村口", "Liulin gate")
_SILENT = LoopParameters("柳林村 石桥", "Liulin bridge", profile=Profile.H264)
_H265 = LoopParameters("柳林村 河道", "Liulin river", profile=Profile.H265_G711)
_SMALL = Camera(
    "small",
    LoopParameters("柳林村 村口", "Liulin gate", width=320, height=SMALL_LINES, bit_rate=150_000),
)
_CAMERAS = (
    Camera("gate", _WITH_SOUND, Credentials("admin", "village-gate")),
    Camera("bridge", _SILENT),
    Camera("clinic", _SILENT),
    Camera("square", _WITH_SOUND),
    Camera(H265, _H265),
)


@dataclass(frozen=True)
class Village:
    """The running site and who may sign in to it."""

    url: str
    password: str
    """Of USERNAME, an admin of the county."""
    person: Person
    """The same, over HTTP."""
    since: datetime
    """All cameras but the one that is away are online from here on."""
    snowlight: Snowlight
    urls: Mapping[str, str]
    """Where each camera sends its pictures from."""
    small: str
    """Where gate's pictures may be had small."""

    @asynccontextmanager
    async def more_cameras(self, urls: Mapping[str, str], region: str = VILLAGE) -> AsyncIterator[None]:
        """Further cameras, by id, online while the context is open."""
        for camera_id, url in urls.items():
            await self.person.add_camera(camera_id, region=region, source_url=url)
        try:

            async def online() -> bool:
                cameras = [await self.person.camera(camera_id) for camera_id in urls]
                return all(camera["state"] == "ONLINE" for camera in cameras)

            await eventually(online, 60)
            yield
        finally:
            for camera_id in urls:
                await self.person.ask("DELETE", f"/v1/cameras/{camera_id}")


@asynccontextmanager
async def run_village(folder: Path) -> AsyncIterator[Village]:
    """The site with its cameras online, while the context is open."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serve_cameras((*_CAMERAS, _SMALL), CACHE / "loops"))
        publishing = f"127.0.0.1:{free_port()}"
        settings = {
            "SNOWLIGHT_INGEST_PUBLISH_RTMP_LISTEN": publishing,
            "SNOWLIGHT_GATEWAY_PUBLISH_RTMP_ADDRESS": publishing,
        }
        snowlight = await stack.enter_async_context(run_embedded(folder, settings))
        regions = folder / "regions.csv"
        regions.write_text(_REGIONS)
        await snowlight.administer("import-regions", regions)
        password = await snowlight.add_operator(
            USERNAME, scope="regions/421381", line="government", role="admin"
        )
        person = await stack.enter_async_context(signed_in(snowlight.url, USERNAME, password))
        await server.encoded()
        urls = {camera.path: server.url(camera) for camera in _CAMERAS}
        urls[OFFLINE] = f"rtsp://127.0.0.1:{free_port()}/live"
        for camera_id, url in urls.items():
            await person.add_camera(camera_id, region=VILLAGE, source_url=url, audio=True)

        async def settled() -> bool:
            states = {camera_id: (await person.camera(camera_id))["state"] for camera_id in urls}
            return states.pop(OFFLINE) == "OFFLINE" and set(states.values()) == {"ONLINE"}

        await eventually(settled)
        yield Village(snowlight.url, password, person, now(), snowlight, urls, server.url(_SMALL))
