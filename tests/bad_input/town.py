"""One cluster for all bad input: two good cameras, every kind of bad one, and people of two counties."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import quote, urlsplit

from simulator.ports import free_port
from simulator.server import serve_cameras
from tests.bad_input.cameras import BAD_CAMERAS, GOOD, Places, served_cameras, tight_lipped
from tests.parts.part import CACHE
from tests.parts.snowlight import Snowlight, run_embedded
from tests.person import Person, anybody, now, signed_in
from tests.waiting import eventually

COUNTY, VILLAGE = "regions/421381", "regions/421381901901"
GROUP = f"{VILLAGE}-g3"
ELSEWHERE = "regions/371326"

_REGIONS = """code,parent,level,display_name
421381,,county,广水市
421381901,421381,town,青溪镇
421381901901,421381901,village,柳林村
421381901901-g3,421381901901,group,三组
371326,,county,平邑县
"""
_PEOPLE = {"chen": (COUNTY, "admin"), "wang": (VILLAGE, "viewer"), "zhao": (ELSEWHERE, "admin")}


@dataclass(frozen=True)
class Town:
    """The running cluster, its cameras and who uses it."""

    snowlight: Snowlight
    places: Places
    admin: Person
    """May manage and watch the cameras of the county."""
    viewer: Person
    """May only watch them."""
    stranger: Person
    """An admin of another county."""
    nobody: Person
    """Has not signed in."""
    since: datetime
    """Both good cameras are online from here on."""
    passwords: tuple[str, ...]
    """Of people and of cameras, also as a URL writes them."""

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody who has asked for anything."""
        return (self.admin, self.viewer, self.stranger, self.nobody)

    @property
    def log(self) -> str:
        """What the process has written so far."""
        return self.snowlight.processes["all"].log.read_text(errors="replace")

    def attempts(self) -> Counter[str]:
        """By camera id, how often the process has logged that an attempt failed."""
        events = [json.loads(line) for line in self.log.splitlines() if '"camera.offline"' in line]
        return Counter(event["camera"].removeprefix("cameras/") for event in events)


@asynccontextmanager
async def run_town(folder: Path) -> AsyncIterator[Town]:
    """The cluster with every camera enrolled and the good ones online, while the context is open."""
    camera_password = f"lens/{token_urlsafe(9)}"
    served = served_cameras(camera_password)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serve_cameras(served, CACHE / "loops"))
        silent_port = await stack.enter_async_context(tight_lipped())
        snowlight = await stack.enter_async_context(run_embedded(folder, {}))
        people, passwords = {}, {}
        regions = folder / "regions.csv"
        regions.write_text(_REGIONS)
        await snowlight.administer("import-regions", regions)
        for name, (scope, role) in _PEOPLE.items():
            passwords[name] = await snowlight.add_operator(name, scope=scope, line="government", role=role)
            people[name] = await stack.enter_async_context(signed_in(snowlight.url, name, passwords[name]))
        nobody = await stack.enter_async_context(anybody(snowlight.url))
        site_port = urlsplit(snowlight.url).port
        assert site_port is not None
        places = Places(server, silent_port, free_port(), site_port, camera_password)
        await server.encoded()
        await _enrol(people["chen"], places)
        secret = (camera_password, quote(camera_password, safe=""), *passwords.values())
        yield Town(snowlight, places, people["chen"], people["wang"], people["zhao"], nobody, now(), secret)


async def _enrol(admin: Person, places: Places) -> None:
    good = {camera.path: places.server.url(camera) for camera in places.server.cameras}
    for camera_id in GOOD:
        await admin.add_camera(camera_id, region=VILLAGE, source_url=good[camera_id], audio=True)
    for bad in BAD_CAMERAS:
        await admin.add_camera(bad.id, region=VILLAGE, source_url=bad.url(places))

    async def online() -> bool:
        return all([(await admin.camera(camera_id))["state"] == "ONLINE" for camera_id in GOOD])

    await eventually(online)
