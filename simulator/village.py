"""The village: cameras at named places, the same ones at every start."""

import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any

from simulator.camera import Camera
from simulator.loop.clock import VILLAGE_TIME
from simulator.loop.parameters import LoopParameters, Profile
from simulator.regions import Region, centre, lineage, villages
from simulator.rtsp.authentication import Credentials, Scheme
from simulator.scene.scenery import Scenery
from simulator.server import CameraServer, serve_cameras

_RING_DEGREES = 0.0025
"""280 metres."""
OWN_PICTURES = 64
"""So many cameras have a picture of their own; the others show those again, to spare the encoding."""

_PLACES = (
    ("村口", "gate", Scenery.GATE),
    ("卫生室", "clinic", Scenery.CLINIC),
    ("文化广场", "square", Scenery.SQUARE),
    ("村委会", "committee", Scenery.COMMITTEE),
    ("石桥", "bridge", Scenery.RIVER),
    ("主路", "main-road", Scenery.ROAD),
    ("小学门口", "school", Scenery.SCHOOL),
    ("晒谷场", "threshing-ground", Scenery.FIELDS),
)
_PROFILES = (
    Profile.H264_AAC, Profile.H264, Profile.H265_G711,
    Profile.H264, Profile.H264_AAC, Profile.H265_G711, Profile.H264_AAC,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class VillageCamera:
    """A camera and what its keepers would register of it. id: fit for a resource name."""

    id: str
    display_name: str
    region: Region
    location: tuple[float, float]
    """Latitude and longitude, degrees (WGS 84), of a place that is as made up as the village."""
    camera: Camera


def village_cameras(count: int, county: str = "") -> tuple[VillageCamera, ...]:
    """The first `count` cameras of the village, or of its part in one county (a six-digit code).

    Camera n is the same whatever the count. Every other one wants credentials: mostly by Digest, one in eight
    by Digest with qop, one in eight by Basic. ValueError for a county without villages.
    """
    among = villages(county)
    return tuple(_camera(index, among) for index in range(count))


@dataclass(frozen=True, slots=True)
class _Spot:
    """turn: 1 for the first camera at this place of this village, 2 for the second."""

    region: Region
    place: str
    latin_place: str
    scenery: Scenery
    turn: int


def _spot(index: int, among: Sequence[Region]) -> _Spot:
    """All places of one village, then those of the next, and round again."""
    round_, place = divmod(index, len(_PLACES))
    return _Spot(among[round_ % len(among)], *_PLACES[place], round_ // len(among) + 1)


def _camera(index: int, among: Sequence[Region]) -> VillageCamera:
    spot = _spot(index, among)
    camera_id = f"{spot.region.latin_name.lower()}-{spot.latin_place}"
    name = f"{spot.region.name}{spot.place}"
    if spot.turn > 1:
        camera_id, name = f"{camera_id}-{spot.turn}", f"{name}{spot.turn}号"
    camera = Camera(camera_id, _picture(index % OWN_PICTURES, among), _credentials(index))
    return VillageCamera(camera_id, name, spot.region, _location(spot), camera)


def _location(spot: _Spot) -> tuple[float, float]:
    """Places lie on a ring around their village, further ones of the same name outside of it."""
    latitude, longitude = centre(spot.region)
    places = [latin_place for _, latin_place, _ in _PLACES]
    angle = math.tau * places.index(spot.latin_place) / len(places)
    distance = _RING_DEGREES * spot.turn
    return (
        round(latitude + distance * math.sin(angle), 6),
        round(longitude + distance * math.cos(angle) / math.cos(math.radians(latitude)), 6),
    )


def _picture(index: int, among: Sequence[Region]) -> LoopParameters:
    spot = _spot(index, among)
    number = f" {spot.turn}" if spot.turn > 1 else ""
    return LoopParameters(
        title=f"{spot.region.name} {spot.place}{number}",
        latin_title=f"{spot.region.latin_name} {spot.latin_place}{number}",
        scenery=spot.scenery,
        seed=index,
        profile=_PROFILES[index % len(_PROFILES)],
    )


def _credentials(index: int) -> Credentials | None:
    if index % 2 == 0:
        return None
    scheme = {3: Scheme.DIGEST_QOP, 5: Scheme.BASIC}.get(index % 8, Scheme.DIGEST)
    return Credentials("admin", f"village-{index:03d}", scheme)


@dataclass(frozen=True, slots=True)
class Village:
    """A village on air; made by `serve_village`."""

    cameras: tuple[VillageCamera, ...]
    server: CameraServer

    def url(self, camera: VillageCamera) -> str:
        """rtsp URL with the credentials in it."""
        return self.server.url(camera.camera)

    def description(self) -> dict[str, Any]:
        """What a program needs in order to register the village: its regions, parents first, and cameras."""
        regions = lineage(frozenset(camera.region.code for camera in self.cameras))
        return {
            "regions": [
                {"code": region.code, "parent": region.parent, "name": region.name, "level": region.level}
                for region in regions
            ],
            "cameras": [
                {
                    "id": camera.id,
                    "display_name": camera.display_name,
                    "region": camera.region.code,
                    "url": self.url(camera),
                    "profile": camera.camera.picture.profile,
                    "audio": camera.camera.picture.profile is not Profile.H264,
                }
                for camera in self.cameras
            ],
        }


@asynccontextmanager
async def serve_village(
    count: int,
    cache: Path,
    *,
    county: str = "",
    host: str = "127.0.0.1",
    port: int = 0,
    clock: Callable[[], float] = time.time,
    zone: tzinfo = VILLAGE_TIME,
    encoders: int | None = None,
) -> AsyncIterator[Village]:
    """Serves `village_cameras(count, county)`; the rest is as in `serve_cameras`."""
    cameras = village_cameras(count, county)
    served = [camera.camera for camera in cameras]
    async with serve_cameras(
        served, cache, host=host, port=port, clock=clock, zone=zone, encoders=encoders
    ) as server:
        yield Village(cameras, server)
