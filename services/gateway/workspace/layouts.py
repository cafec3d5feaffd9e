"""Layouts of the wall over HTTP: one's own, and those shared with one's region."""

from __future__ import annotations

from aiohttp import web

from services.gateway.cameras.read_model import CameraModel
from services.gateway.http.bodies import json_response, no_content, read_json
from services.gateway.http.etags import IF_MATCH, body_etag, etag_header, preconditions, read_if_match
from services.gateway.http.idempotency import IDEMPOTENCY_KEY, Attempts
from services.gateway.http.paging import PAGE_PARAMETERS, page_schema, read_page
from services.gateway.http.routes import Route
from services.gateway.peers import CALL_TIMEOUT_S, Peers
from services.gateway.people.identity import Identity
from services.gateway.people.sight import Person
from services.gateway.workspace.cameras import SeenCameras, workspace_errors
from services.gateway.workspace.layout_json import LAYOUT_SCHEMA, layout_json, read_layout
from snowlight.api.auth.v1 import workspace_pb2
from snowlight.errors import InvalidArgumentError


class WallLayoutRoutes:
    """A layout gives no right: each reader is told the cameras that they see anyway."""

    def __init__(self, peers: Peers, identity: Identity, model: CameraModel, attempts: Attempts) -> None:
        self._peers = peers
        self._identity = identity
        self._model = model
        self._attempts = attempts

    def routes(self) -> tuple[Route, ...]:
        many, one = "/v1/wall_layouts", "/v1/wall_layouts/{layout}"
        return (
            Route(
                "GET",
                many,
                self.list_layouts,
                "The caller's layouts and those shared with their region, oldest first.",
                parameters=PAGE_PARAMETERS,
                answer=page_schema("wall_layouts", LAYOUT_SCHEMA),
                errors=(400, 401, 403),
            ),
            Route(
                "POST",
                many,
                self.create,
                "Save a layout. `shared_with` takes a region of the caller's own scope.",
                parameters=(IDEMPOTENCY_KEY,),
                body=LAYOUT_SCHEMA | {"required": ["display_name", "tiles"]},
                answer=LAYOUT_SCHEMA,
                errors=(400, 401, 403, 404, 422, 429),
            ),
            Route("GET", one, self.read, "One layout.", answer=LAYOUT_SCHEMA, errors=(401, 403, 404)),
            Route(
                "PATCH",
                one,
                self.change,
                "Change the fields given of one's own layout. Null takes `patrol` away.",
                parameters=(IF_MATCH,),
                body=LAYOUT_SCHEMA,
                answer=LAYOUT_SCHEMA,
                errors=(400, 401, 403, 404, 409, 412),
            ),
            Route(
                "DELETE",
                one,
                self.delete,
                "Forget one's own layout.",
                parameters=(IF_MATCH,),
                status=204,
                errors=(401, 403, 404, 412),
            ),
        )

    async def list_layouts(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        wanted = workspace_pb2.ListWallLayoutsRequest(
            access_token=person.access_token, **read_page(request.query)
        )
        with workspace_errors():
            page = await self._peers.workspaces.ListWallLayouts(wanted, timeout=CALL_TIMEOUT_S)
        cameras = await self._cameras(person)
        return json_response(
            {
                "wall_layouts": [layout_json(layout, cameras) for layout in page.wall_layouts],
                "next_page_token": page.next_page_token,
            }
        )

    async def create(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        cameras = await self._cameras(person)
        body = await read_json(request)
        attempt = self._attempts.of(request, person.name, body)
        layout, _ = read_layout(body, cameras)
        wanted = workspace_pb2.CreateWallLayoutRequest(
            access_token=person.access_token, wall_layout=layout, **attempt.fields
        )
        with workspace_errors():
            created = await self._peers.workspaces.CreateWallLayout(wanted, timeout=CALL_TIMEOUT_S)
        return _answer(created, cameras)

    async def read(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        wanted = workspace_pb2.GetWallLayoutRequest(access_token=person.access_token, name=_name(request))
        with workspace_errors():
            layout = await self._peers.workspaces.GetWallLayout(wanted, timeout=CALL_TIMEOUT_S)
        return _answer(layout, await self._cameras(person))

    async def change(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        cameras = await self._cameras(person)
        body = await read_json(request)
        layout, fields = read_layout(body, cameras)
        if not fields:
            raise InvalidArgumentError("request.required", "name at least one field to change")
        if_match = read_if_match(request)
        layout.name, layout.etag = _name(request), if_match or body_etag(body)
        wanted = workspace_pb2.UpdateWallLayoutRequest(access_token=person.access_token, wall_layout=layout)
        wanted.update_mask.paths.extend(fields)
        with preconditions(if_match), workspace_errors():
            changed = await self._peers.workspaces.UpdateWallLayout(wanted, timeout=CALL_TIMEOUT_S)
        return _answer(changed, cameras)

    async def delete(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        if_match = read_if_match(request)
        wanted = workspace_pb2.DeleteWallLayoutRequest(
            access_token=person.access_token, name=_name(request), etag=if_match
        )
        with preconditions(if_match), workspace_errors():
            await self._peers.workspaces.DeleteWallLayout(wanted, timeout=CALL_TIMEOUT_S)
        return no_content()

    async def _cameras(self, person: Person) -> SeenCameras:
        return SeenCameras(self._model, await self._identity.sight(person))


def _name(request: web.Request) -> str:
    return f"wall_layouts/{request.match_info['layout']}"


def _answer(layout: workspace_pb2.WallLayout, cameras: SeenCameras) -> web.Response:
    return json_response(layout_json(layout, cameras), headers=etag_header(layout.etag))
