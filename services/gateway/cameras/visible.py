"""Cameras by name, as far as who asks may know of them."""

from __future__ import annotations

from services.gateway.cameras.read_model import CameraModel
from services.gateway.people.identity import Identity
from services.gateway.people.sight import Person
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import NotFoundError


class VisibleCameras:
    """Those of this gateway's model."""

    def __init__(self, identity: Identity, model: CameraModel) -> None:
        self._identity = identity
        self._model = model

    async def named(self, person: Person, name: str, *, field: str = "") -> camera_pb2.Camera:
        """The camera "cameras/{id}". Raises NotFoundError alike for one that is not and one not to be seen;
        `field`: what it was named in."""
        sight = await self._identity.sight(person)
        camera = self._model.by_name(name)
        if camera is not None and sight.sees(camera):
            return camera
        # A consent or a grant opens single cameras outside of what they see otherwise.
        if camera is not None and await self._identity.may(person, "camera.read", camera_uid=camera.uid):
            return camera
        raise NotFoundError("camera.not_found", "there is no such camera", field=field)

    def name_of(self, uid: str) -> str:
        """What people call the camera; of one that is registered no more its uid."""
        camera = self._model.by_uid(uid)
        return camera.name if camera is not None else uid
