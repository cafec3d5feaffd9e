"""Exports at the door: begun, followed, ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from services.gateway.access.evidence_messages import export_message
from services.gateway.access.officers import Officer
from services.gateway.access.place import Places, window_around
from services.gateway.access.reading import read_instant, read_page, told_as
from services.gateway.access.streams import Streams
from services.gateway.cameras.visible import VisibleCameras
from services.gateway.evidence.export_keeping import ExportKeeping
from services.gateway.evidence.export_rights import ExportRights, purpose_of
from services.gateway.evidence.export_wish import Wish, check_cameras
from services.gateway.http.idempotency import Attempts
from services.gateway.people.sight import Person
from snowlight.api.access.v1 import evidence_pb2
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.api.storage.v1 import export_pb2
from snowlight.clock import Clock
from snowlight.errors import InvalidArgumentError

LOOK_S = 1.0
"""How often a watched export is looked at."""
_NAMES = {
    "start": "start_time",
    "end": "end_time",
    "case_number": "incident",
    "camera_uids": "cameras",
}
_OPEN = (export_pb2.Export.PENDING, export_pb2.Export.RUNNING)


class ExportCalls:
    """In the name of officers."""

    def __init__(
        self,
        exports: ExportKeeping,
        rights: ExportRights,
        cameras: VisibleCameras,
        places: Places,
        attempts: Attempts,
        streams: Streams,
        clock: Clock,
    ) -> None:
        self._exports = exports
        self._rights = rights
        self._cameras = cameras
        self._places = places
        self._attempts = attempts
        self._streams = streams
        self._clock = clock

    async def create(
        self, officer: Officer, request: evidence_pb2.CreateExportRequest
    ) -> evidence_pb2.Export:
        """Raises PermissionDeniedError without an officer, or naming the first camera that is refused."""
        officer.require_named()
        person = officer.person
        attempt = self._attempts.at_door(request.request_id, person.name, "CreateExport", request)
        now_ms = self._clock.now_ms()
        with told_as(_NAMES):
            wish = _wish(request, officer, now_ms).checked(now_ms)
            cameras = await self._chosen(person, request, wish)
            return self._told(await self._exports.begin(person, cameras, wish, attempt))

    async def get(self, officer: Officer, name: str) -> evidence_pb2.Export:
        """Raises NotFoundError for one that is nobody's business here."""
        return self._told(await self._rights.known(officer.person, name))

    async def page(
        self, officer: Officer, request: evidence_pb2.ListExportsRequest
    ) -> evidence_pb2.ListExportsResponse:
        """The client's own."""
        wanted = export_pb2.ListExportsRequest(created_by=officer.person.name, **read_page(request))
        page = await self._exports.page(officer.person, wanted)
        return evidence_pb2.ListExportsResponse(
            exports=map(self._told, page.exports), next_page_token=page.next_page_token
        )

    async def watch(self, officer: Callable[[], Officer], name: str, context: Any) -> None:
        """Writes the export whenever it has got on, until it is over. `officer`: with a token that is good
        now."""
        await self._streams.run(self._tell(officer, name, context))

    async def _tell(self, officer: Callable[[], Officer], name: str, context: Any) -> None:
        told: export_pb2.Export | None = None
        while told is None or told.state in _OPEN:
            if told is not None:
                await asyncio.sleep(LOOK_S)
            export = await self._rights.known(officer().person, name)
            if export != told:
                await context.write(self._told(export))
            told = export

    async def cancel(self, officer: Officer, name: str) -> evidence_pb2.Export:
        """Raises FailedPreconditionError("export.done") for one that is over."""
        officer.require_named()
        return self._told(await self._exports.cancel(officer.person, name))

    async def _chosen(
        self, person: Person, request: evidence_pb2.CreateExportRequest, wish: Wish
    ) -> list[camera_pb2.Camera]:
        if request.HasField("near"):
            window = (wish.start_ms, wish.end_ms)
            purpose = purpose_of(wish.case_number, wish.reason)
            return await self._places.exportable(person, request.near, window, purpose)
        return [
            await self._cameras.named(person, name, field=f"cameras[{at}]")
            for at, name in enumerate(wish.cameras)
        ]

    def _told(self, export: export_pb2.Export) -> evidence_pb2.Export:
        return export_message(export, self._cameras)


def _wish(request: evidence_pb2.CreateExportRequest, officer: Officer, now_ms: int) -> Wish:
    start_ms, end_ms = _window(request, now_ms)
    if request.cut not in request.Cut.values():
        raise InvalidArgumentError("request.invalid", "cut must be KEY_FRAME or EXACT", field="cut")
    return Wish(
        tuple(request.cameras),
        start_ms,
        end_ms,
        request.incident or officer.incident,
        request.reason,
        "EXACT" if request.cut == request.EXACT else "KEY_FRAME",
        request.burn_in,
    )


def _window(request: evidence_pb2.CreateExportRequest, now_ms: int) -> tuple[int, int]:
    if not request.HasField("near"):
        check_cameras(request.cameras)
        return read_instant(request, "start_time"), read_instant(request, "end_time")
    for field in ("start_time", "end_time"):
        if request.HasField(field):
            raise InvalidArgumentError("request.invalid", f"near has its own {field}", field=field)
    if request.cameras:
        raise InvalidArgumentError("request.invalid", "cameras or near, not both", field="cameras")
    return window_around(request.near, now_ms)
