"""What is missing in the dossiers of public cameras."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from services.gateway.cameras.read_model import CameraModel
from services.gateway.cameras.routes import CameraRoutes
from services.gateway.http.bodies import json_response
from services.gateway.http.paging import PAGE_PARAMETERS, page_schema, read_page
from services.gateway.http.routes import Parameter, Route
from services.gateway.people.identity import Identity
from snowlight.dossier import missing
from snowlight.errors import InvalidArgumentError

_MISSING = {"type": "array", "items": {"type": "string"}}


class DossierRoutes:
    """For those who manage the cameras."""

    def __init__(self, identity: Identity, model: CameraModel, cameras: CameraRoutes) -> None:
        self._identity = identity
        self._model = model
        self._cameras = cameras

    def routes(self) -> tuple[Route, ...]:
        camera = {"type": "object", "properties": {"camera": {"type": "string"}, "missing": _MISSING}}
        return (
            Route(
                "GET",
                "/v1/cameras/{camera}/dossier",
                self.read,
                "What is missing in a camera's dossier.",
                answer={"type": "object", "properties": {"missing": _MISSING}},
                errors=(401, 403, 404),
            ),
            Route(
                "GET",
                "/v1/dossiers:missing",
                self.list,
                "Public cameras of a region and below whose dossiers are incomplete, by name.",
                parameters=(Parameter("region", "regions/{code}", required=True), *PAGE_PARAMETERS),
                answer=page_schema("dossiers", camera),
                errors=(400, 401, 403),
            ),
        )

    async def read(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        camera = await self._cameras.visible_camera(request, person)
        await self._identity.require(person, "camera.manage", camera_uid=camera.uid)
        return json_response({"missing": missing(camera)})

    async def list(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        region = request.query.get("region", "")
        if not region:
            raise InvalidArgumentError("request.required", "region is required", field="region")
        await self._identity.require(person, "camera.manage", region=region)
        page = read_page(request.query)
        size, after = page["page_size"], page["page_token"]
        names = (await self._identity.sight(person)).below(region)
        found: list[dict[str, Any]] = []
        for camera in self._model.after(after):
            lacking = missing(camera) if camera.region in names else []
            if lacking:
                found.append({"camera": camera.name, "missing": lacking})
                if len(found) > size:
                    break
        token = found[size - 1]["camera"] if len(found) > size else ""
        return json_response({"dossiers": found[:size], "next_page_token": token})
