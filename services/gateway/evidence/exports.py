"""Exports: footage made into files that play everywhere, with a signed list of what they are."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from services.gateway.cameras.read_model import CameraModel
from services.gateway.cameras.visible import VisibleCameras
from services.gateway.evidence.export_json import EXPORT, export_json
from services.gateway.evidence.export_keeping import ExportKeeping
from services.gateway.evidence.export_rights import ExportRights
from services.gateway.evidence.export_wish import CUTS, LONGEST_WINDOW_MS, MOST_CAMERAS, read_wish
from services.gateway.http.bodies import json_response, read_json
from services.gateway.http.flags import flag, read_flag
from services.gateway.http.idempotency import IDEMPOTENCY_KEY, Attempts
from services.gateway.http.paging import PAGE_PARAMETERS, page_schema, read_page
from services.gateway.http.routes import Route
from services.gateway.people.identity import Identity
from snowlight.api.storage.v1 import export_pb2
from snowlight.clock import Clock

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
        identity: Identity,
        rights: ExportRights,
        exports: ExportKeeping,
        visible: VisibleCameras,
        model: CameraModel,
        attempts: Attempts,
        clock: Clock,
    ) -> None:
        self._identity = identity
        self._rights = rights
        self._exports = exports
        self._visible = visible
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
        cameras = [
            await self._visible.named(person, name, field=f"cameras[{at}]")
            for at, name in enumerate(wish.cameras)
        ]
        return json_response(self._json(await self._exports.begin(person, cameras, wish, attempt)))

    async def list_exports(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        others = read_flag(request.query, "all")
        wanted = export_pb2.ListExportsRequest(
            created_by="" if others else person.name, **read_page(request.query)
        )
        page = await self._exports.page(person, wanted)
        shown = [self._json(each) for each in page.exports]
        return json_response({"exports": shown, "next_page_token": page.next_page_token})

    async def get(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        return json_response(self._json(await self._rights.known(person, _name(request))))

    async def cancel(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        return json_response(self._json(await self._exports.cancel(person, _name(request))))

    def _json(self, export: export_pb2.Export) -> dict[str, Any]:
        return export_json(export, self._model)


def _name(request: web.Request) -> str:
    return f"exports/{request.match_info['export']}"
