"""Writes to the camera registry: auth decides on each, ingest keeps it."""

from __future__ import annotations

from services.gateway.peers import CALL_TIMEOUT_S, INGEST, Peers
from services.gateway.people.identity import Identity
from services.gateway.people.sight import Person
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import PermissionDeniedError
from snowlight.rpc.status import remote_errors

_RIGHTS_DEPEND_ON = frozenset({"region", "ownership", "owner", "operator", "listed_for_residents"})


class CameraWriting:
    """Registers and changes cameras for people who may.

    `validate_only`: everything is decided and checked, nothing is written; decisions are on record as ever.
    """

    def __init__(self, peers: Peers, identity: Identity) -> None:
        self._peers = peers
        self._identity = identity

    async def create(self, person: Person, wish: camera_pb2.CreateCameraRequest) -> camera_pb2.Camera:
        """The camera that was made. Raises what auth and ingest have against it."""
        camera = wish.camera
        await self._identity.require_proposed(person, "camera.manage", camera)
        if camera.owner:
            await self._require_assign(person, camera, camera)
        return await self._create(wish)

    async def change(
        self, person: Person, current: camera_pb2.Camera, wish: camera_pb2.UpdateCameraRequest
    ) -> camera_pb2.Camera:
        """The camera as it is now; one without a mask stays as it is. Raises what auth and ingest have
        against it."""
        mask = wish.update_mask.paths
        await self._identity.require_recorded(person, "camera.manage", current.uid)
        if not _RIGHTS_DEPEND_ON.isdisjoint(mask):
            changed = _changed(current, wish)
            await self._identity.require_proposed(person, "camera.manage", changed)
            if _reassigns(current, changed):
                await self._require_assign(person, current, changed)
        if not mask:
            return current
        return await self._update(wish)

    async def _create(self, wish: camera_pb2.CreateCameraRequest) -> camera_pb2.Camera:
        with remote_errors(INGEST):
            return await self._peers.cameras.CreateCamera(wish, timeout=CALL_TIMEOUT_S)

    async def _update(self, wish: camera_pb2.UpdateCameraRequest) -> camera_pb2.Camera:
        with remote_errors(INGEST):
            return await self._peers.cameras.UpdateCamera(wish, timeout=CALL_TIMEOUT_S)

    async def _require_assign(
        self, person: Person, before: camera_pb2.Camera, after: camera_pb2.Camera
    ) -> None:
        """Raises PermissionDeniedError unless `person` may say whose a camera is; never that it is theirs."""
        if after.owner == person.name and after.owner != (before.owner if before is not after else ""):
            raise PermissionDeniedError("auth.own_rights", "nobody makes a camera their own", field="owner")
        await self._identity.require_proposed(person, "camera.assign", before)
        await self._identity.require_proposed(person, "camera.assign", after)


def _changed(current: camera_pb2.Camera, wish: camera_pb2.UpdateCameraRequest) -> camera_pb2.Camera:
    """`current` as the fields that rights depend on would be."""
    changed = camera_pb2.Camera()
    changed.CopyFrom(current)
    for field in _RIGHTS_DEPEND_ON.intersection(wish.update_mask.paths):
        setattr(changed, field, getattr(wish.camera, field))
    return changed


def _reassigns(before: camera_pb2.Camera, after: camera_pb2.Camera) -> bool:
    """The change says anew whose the camera is, or opens a household's to others."""
    if before.owner != after.owner:
        return True
    opened = (before.ownership, before.listed_for_residents) != (after.ownership, after.listed_for_residents)
    return opened and camera_pb2.HOUSEHOLD in (before.ownership, after.ownership)
