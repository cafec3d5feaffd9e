"""The cameras of a place whose footage somebody may take along."""

from __future__ import annotations

from services.gateway.access.reading import read_instant, require_between, told_as
from services.gateway.cameras.circle import Circle
from services.gateway.cameras.read_model import CameraModel
from services.gateway.evidence.export_wish import MOST_CAMERAS
from services.gateway.people.identity import Identity
from services.gateway.people.sight import Person
from snowlight.api.access.v1 import evidence_pb2
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.bounded import for_each
from snowlight.errors import InvalidArgumentError, NotFoundError

LARGEST_RADIUS_M = 1_000
MOST_MINUTES = 720
_MINUTE_MS = 60_000
_AT_ONCE = 64
"""Cameras that auth is asked about together."""


def window_around(near: evidence_pb2.CreateExportRequest.Place, now_ms: int) -> tuple[int, int]:
    """[start, end) around the place's time, ms, but not beyond now."""
    with told_as({"time": "near.time"}):
        time_ms = read_instant(near, "time")
    require_between(near.minutes, "near.minutes", 1, MOST_MINUTES)
    if time_ms > now_ms:
        raise InvalidArgumentError("request.range", "near.time lies in the future", field="near.time")
    return time_ms - near.minutes * _MINUTE_MS, min(time_ms + near.minutes * _MINUTE_MS, now_ms)


class Places:
    """Looks around in this gateway's model of cameras."""

    def __init__(self, identity: Identity, model: CameraModel) -> None:
        self._identity = identity
        self._model = model

    async def exportable(
        self,
        person: Person,
        near: evidence_pb2.CreateExportRequest.Place,
        window_ms: tuple[int, int],
        purpose: str,
    ) -> list[camera_pb2.Camera]:
        """By distance. Raises NotFoundError when there are none, and InvalidArgumentError naming them when
        there are more than one export may have."""
        require_between(near.latitude, "near.latitude", -90, 90)
        require_between(near.longitude, "near.longitude", -180, 180)
        require_between(near.radius_m, "near.radius_m", 1, LARGEST_RADIUS_M)
        found = Circle(near.latitude, near.longitude, near.radius_m).cameras(self._model)
        around = [known.camera for known, _ in sorted(found, key=lambda each: (each[1], each[0].name))]
        identity = self._identity.together(person)

        async def may(camera: camera_pb2.Camera) -> bool:
            return await identity.may(
                person, "export", camera_uid=camera.uid, window_ms=window_ms, purpose=purpose
            )

        allowed = await for_each(around, may, at_once=_AT_ONCE)
        cameras = [camera for camera, is_allowed in zip(around, allowed, strict=True) if is_allowed]
        if not cameras:
            raise NotFoundError(
                "access.no_camera_near", "there is no camera whose footage you may export", field="near"
            )
        if len(cameras) > MOST_CAMERAS:
            names = ", ".join(camera.name for camera in cameras)
            raise InvalidArgumentError(
                "access.too_many_cameras_near",
                f"{len(cameras)} cameras are too many for one export, {MOST_CAMERAS} at most: {names}",
                field="near.radius_m",
            )
        return cameras
