"""Holds at the door."""

from __future__ import annotations

from services.gateway.access.evidence_messages import hold_message
from services.gateway.access.officers import Officer
from services.gateway.access.reading import read_instant, read_page, require_text, told_as
from services.gateway.cameras.visible import VisibleCameras
from services.gateway.evidence.hold_keeping import HoldKeeping
from services.gateway.http.idempotency import Attempts
from services.gateway.http.instants import check_range
from services.gateway.people.sight import Person
from snowlight.api.access.v1 import evidence_pb2
from snowlight.api.storage.v1 import hold_pb2

_NAMES = {
    "end": "end_time",
    "hold.start_ms": "start_time",
    "hold.end_ms": "end_time",
    "hold.expire_ms": "expire_time",
    "hold.case_number": "incident",
    "hold.reason": "reason",
}


class HoldCalls:
    """In the name of officers."""

    def __init__(self, holds: HoldKeeping, cameras: VisibleCameras, attempts: Attempts) -> None:
        self._holds = holds
        self._cameras = cameras
        self._attempts = attempts

    async def create(self, officer: Officer, request: evidence_pb2.CreateHoldRequest) -> evidence_pb2.Hold:
        """Raises PermissionDeniedError without an officer, and to whom footage is not to be held by."""
        officer.require_named()
        person = officer.person
        attempt = self._attempts.at_door(request.request_id, person.name, "CreateHold", request)
        start_ms, end_ms = read_instant(request, "start_time"), read_instant(request, "end_time")
        with told_as(_NAMES):
            check_range(start_ms, end_ms)
            hold = hold_pb2.Hold(
                camera_uid=await self._uid(person, require_text(request.camera, "camera")),
                start_ms=start_ms,
                end_ms=end_ms,
                case_number=request.incident or officer.incident,
                reason=require_text(request.reason, "reason"),
                expire_ms=read_instant(request, "expire_time") if request.HasField("expire_time") else 0,
            )
            return self._told(await self._holds.begin(person, hold, attempt))

    async def get(self, officer: Officer, name: str) -> evidence_pb2.Hold:
        """Raises NotFoundError for one whose footage the officer may not hold."""
        return self._told(await self._holds.known(officer.person, name))

    async def page(
        self, officer: Officer, request: evidence_pb2.ListHoldsRequest
    ) -> evidence_pb2.ListHoldsResponse:
        """Those whose footage the officer may hold."""
        wanted = hold_pb2.ListHoldsRequest(
            camera_uid=await self._uid(officer.person, request.camera) if request.camera else "",
            all=request.all,
            **read_page(request),
        )
        page = await self._holds.page(officer.person, wanted)
        return evidence_pb2.ListHoldsResponse(
            holds=map(self._told, page.holds), next_page_token=page.next_page_token
        )

    async def release(self, officer: Officer, request: evidence_pb2.ReleaseHoldRequest) -> evidence_pb2.Hold:
        """Raises PermissionDeniedError for who created it, unless the cluster allows that."""
        officer.require_named()
        reason = require_text(request.reason, "reason")
        return self._told(await self._holds.release(officer.person, request.name, reason))

    async def _uid(self, person: Person, camera: str) -> str:
        """Of a camera that the person may know of; anything but a name is taken for a uid."""
        if camera.startswith("cameras/"):
            return (await self._cameras.named(person, camera, field="camera")).uid
        return camera

    def _told(self, hold: hold_pb2.Hold) -> evidence_pb2.Hold:
        return hold_message(hold, self._cameras)
