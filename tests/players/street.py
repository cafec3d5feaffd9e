"""What the players play: two cameras in front of `snowlight all`, one of which was away for a while."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from simulator.camera import Camera
from simulator.faults import Faults
from simulator.loop.parameters import LoopParameters
from simulator.server import serve_cameras
from tests.parts.part import CACHE
from tests.parts.snowlight import Snowlight, run_embedded
from tests.person import Person, now, signed_in
from tests.waiting import eventually

GATE, TURNING, LARGE = "gate", "turning", "large"
SIZES = ((640, 360), (320, 180))
"""Of TURNING's pictures, by turns."""
TURNS_S = 6
FRAME_RATE = 15
LARGE_LINES = 720
"""Of LARGE's pictures: twice those of its smaller rendition, so that the time can be read in both."""
REGION = "regions/421381"
_PICTURE = LoopParameters("柳林村 村口", "Liulin gate", frame_rate=FRAME_RATE)
_CAMERAS = (
    Camera(GATE, _PICTURE),
    Camera(TURNING, _PICTURE, faults=Faults(resolution_change=TURNS_S)),
    Camera(LARGE, replace(_PICTURE, width=1280, height=LARGE_LINES, bit_rate=1_500_000)),
)
_FOOTAGE = timedelta(seconds=12)
"""Recorded before GATE was away, and since."""
_AWAY = timedelta(seconds=8)


@dataclass(frozen=True)
class Footage:
    """What GATE has: [start, left), nothing, and [back, end); TURNING has all of it."""

    start: datetime
    left: datetime
    back: datetime
    end: datetime


@dataclass(frozen=True)
class Street:
    """The running site and somebody who may watch it."""

    snowlight: Snowlight
    person: Person
    sources: Mapping[str, str]
    """URLs of its cameras."""

    @property
    def url(self) -> str:
        """The gateway's root."""
        return self.snowlight.url

    async def live(self, camera_id: str, playlist: str = "live.m3u8") -> str:
        """The URL of a live playlist."""
        return f"{self.url}/hls/{await self.person.ticket(camera_id, 'live')}/{playlist}"

    async def recorded(
        self, camera_id: str, start: datetime, end: datetime, playlist: str = "vod.m3u8", **query: str
    ) -> str:
        """The URL of a playlist of [start, end)."""
        window = {"start": start.isoformat(), "end": end.isoformat()}
        ticket = await self.person.ticket(camera_id, "playback", **window)
        return f"{self.url}/hls/{ticket}/{playlist}" + (f"?{urlencode(query)}" if query else "")

    async def recording(self, camera_id: str) -> bool:
        """The camera is online."""
        return bool((await self.person.camera(camera_id))["state"] == "ONLINE")

    async def record_with_a_gap(self) -> Footage:
        """Let time pass while GATE is on, off, and on."""
        start = now()
        await _until(start + _FOOTAGE)
        await self._switch(GATE, on=False)
        await _until(now() + _AWAY)
        await self._switch(GATE, on=True)
        await eventually(partial(self.recording, GATE))
        await _until(now() + _FOOTAGE)
        end = now() - timedelta(seconds=2)
        timeline = await self.person.timeline(GATE, start, end)
        before, after = timeline["spans"]
        left, back = (datetime.fromisoformat(each) for each in (before["end"], after["start"]))
        assert back - left > _AWAY
        return Footage(start, left, back, end)

    async def _switch(self, camera_id: str, *, on: bool) -> None:
        answer = await self.person.ask("PATCH", f"/v1/cameras/{camera_id}", json={"enabled": on})
        assert answer.status == 200, answer


@asynccontextmanager
async def run_street(folder: Path, settings: Mapping[str, str]) -> AsyncIterator[Street]:
    """The site with its cameras online, while the context is open. `settings`: further ones of it."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serve_cameras(_CAMERAS, CACHE / "loops"))
        snowlight = await stack.enter_async_context(run_embedded(folder, settings))
        await snowlight.administer(
            *("create-region", "--code", REGION.rpartition("/")[2], "--level", "county"),
            *("--display-name", "广水市"),
        )
        password = await snowlight.add_operator("chen", scope=REGION, line="government", role="admin")
        person = await stack.enter_async_context(signed_in(snowlight.url, "chen", password))
        await server.encoded()
        sources = {camera.path: server.url(camera) for camera in server.cameras}
        street = Street(snowlight, person, sources)
        for camera_id, source_url in sources.items():
            await person.add_camera(camera_id, region=REGION, source_url=source_url, audio=True)
        for camera_id in sources:
            await eventually(partial(street.recording, camera_id), 60)
        yield street


async def _until(instant: datetime) -> None:
    async def passed() -> bool:
        return now() >= instant

    await eventually(passed, 60)
