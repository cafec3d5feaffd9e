"""Exports: footage made into files that play everywhere, with a signed list of what they are."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from services.gateway.cameras.read_model import CameraModel
from services.gateway.cameras.routes import CameraRoutes
from services.gateway.evidence.export_json import EXPORT, export_json
from services.gateway.evidence.export_rights import ExportRights, Footage, purpose_of
from services.gateway.evidence.export_wish import CUTS, LONGEST_WINDOW_MS, MOST_CAMERAS, Wish, read_wish
from services.gateway.http.bodies import json_response, read_json
from services.gateway.http.flags import flag, read_flag
from services.gateway.http.idempotency import IDEMPOTENCY_KEY, Attempts
from services.gateway.http.paging import PAGE_PARAMETERS, page_schema, read_page
from services.gateway.http.routes import Route
from services.gateway.peers import CALL_TIMEOUT_S, STORAGE, Peers
from services.gateway.people.identity import Identity
from services.gateway.people.sight import Person
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.api.storage.v1 import export_pb2
from snowlight.clock import Clock
from snowlight.errors import NotFoundError
from snowlight.rpc.status import remote_errors

_INSTANT = {"type": "string", "format": "date-time"}
_BODY = {
    "type": "object",
    "required": ["cameras", "start", "end", "case_number", "reason"],
    "properties": {
        "cameras": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_CAMERAS,
            "items": {"type": "string", "description": "cameras/{camera}"},
        },
        "start": _INSTANT,
        "end": _INSTANT | {"description": f"{LONGEST_WINDOW_MS // 3_600_000} hours after start at most."},
        "case_number": {"type": "string"},
        "reason": {"type": "string", "description": "What for; on record."},
        "cut": {
            "type": "string",
            "enum": list(CUTS),
            "default": "KEY_FRAME",
            "description": "KEY_FRAME begins a few seconds early; EXACT encodes the first pictures anew.",
        },
        "burn_in": {
            "type": "boolean",
            "default": False,
            "description": "Draw the time of day and who exports into every picture. Encodes all of it anew.",
        },
    },
}
_ERRORS = (400, 401, 403, 404, 503)


class ExportRoutes:
    """Storage's exports, to whom auth lets."""

    def __init__(
        self,
        peers: Peers,
        identity: Identity,
        rights: ExportRights,
        cameras: CameraRoutes,
        model: CameraModel,
        attempts: Attempts,
        clock: Clock,
    ) -> None:
        self._peers = peers
        self._identity = identity
        self._rights = rights
        self._cameras = cameras
        self._model = model
        self._attempts = attempts
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        one = "/v1/exports/{export:[^/:]+}"
        return (
            Route(
                "POST",
                "/v1/exports",
                self.create,
                "Make files of cameras' footage of a window, to be taken along. It goes on by itself.",
                parameters=(IDEMPOTENCY_KEY,),
                body=_BODY,
                answer=EXPORT,
                errors=(*_ERRORS, 422),
            ),
            Route(
                "GET",
                "/v1/exports",
                self.list_exports,
                "The caller's exports, newest first.",
                parameters=(
                    flag("all", "those of others too, as far as the caller may export all that is in them."),
                    *PAGE_PARAMETERS,
                ),
                answer=page_schema("exports", EXPORT),
                errors=_ERRORS,
            ),
            Route("GET", one, self.get, "An export, and how far it is.", answer=EXPORT, errors=_ERRORS),
            Route(
                "POST",
                f"{one}:cancel",
                self.cancel,
                "End an export that is not done.",
                answer=EXPORT,
                errors=(*_ERRORS, 412),
            ),
        )

    async def create(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        body = await read_json(request)
        attempt = self._attempts.of(request, person.name, body)
        wish = read_wish(body, self._clock.now_ms())
        cameras = [await self._camera(person, name, at) for at, name in enumerate(wish.cameras)]
        uids = [camera.uid for camera in cameras]
        purpose = purpose_of(wish.case_number, wish.reason)
        claims = await self._rights.decide(person, Footage(uids, wish.start_ms, wish.end_ms, purpose))
        rendering = export_pb2.Rendering(
            cut=export_pb2.Rendering.Cut.Value(wish.cut),
            burn_in=wish.burn_in or any(each.marked for each in claims),
            labels=[camera.name.removeprefix("cameras/") for camera in cameras],
            silent_camera_uids=[each.camera_uid for each in claims if each.silent],
        )
        with remote_errors(STORAGE):
            created = await self._peers.exports.CreateExport(
                export_pb2.CreateExportRequest(
                    export=_export(wish, uids, person, rendering), request_id=attempt.request_id
                ),
                timeout=CALL_TIMEOUT_S,
            )
        return json_response(self._json(created))

    async def list_exports(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        others = read_flag(request.query, "all")
        wanted = export_pb2.ListExportsRequest(
            created_by="" if others else person.name, **read_page(request.query)
        )
        with remote_errors(STORAGE):
            page = await self._peers.exports.ListExports(wanted, timeout=CALL_TIMEOUT_S)
        shown = [self._json(each) for each in page.exports if await self._rights.may_know(person, each)]
        return json_response({"exports": shown, "next_page_token": page.next_page_token})

    async def get(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        return json_response(self._json(await self._rights.known(person, _name(request))))

    async def cancel(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        export = await self._rights.known(person, _name(request))
        with remote_errors(STORAGE):
            cancelled = await self._peers.exports.CancelExport(
                export_pb2.CancelExportRequest(name=export.name), timeout=CALL_TIMEOUT_S
            )
        return json_response(self._json(cancelled))

    async def _camera(self, person: Person, name: str, at: int) -> camera_pb2.Camera:
        try:
            return await self._cameras.visible(person, name)
        except NotFoundError as error:
            raise NotFoundError(error.code, error.detail, field=f"cameras[{at}]") from error

    def _json(self, export: export_pb2.Export) -> dict[str, Any]:
        return export_json(export, self._model)


def _name(request: web.Request) -> str:
    return f"exports/{request.match_info['export']}"


def _export(
    wish: Wish, uids: list[str], person: Person, rendering: export_pb2.Rendering
) -> export_pb2.Export:
    return export_pb2.Export(
        camera_uids=uids,
        start_ms=wish.start_ms,
        end_ms=wish.end_ms,
        case_number=wish.case_number,
        reason=wish.reason,
        created_by=person.name,
        rendering=rendering,
    )
