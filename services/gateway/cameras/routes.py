"""Cameras: list, read, write."""

from __future__ import annotations

from aiohttp import web
from google.protobuf.field_mask_pb2 import FieldMask

from services.gateway.cameras.filter import LONGEST, MOST_TERMS
from services.gateway.cameras.listing import DEFAULT_RADIUS_M, FARTHEST_M, CameraLists, ListQuery
from services.gateway.cameras.past import keep_told
from services.gateway.cameras.read_model import CameraModel
from services.gateway.cameras.resource import (
    CAMERA_SCHEMA,
    camera_json,
    read_changes,
    read_new,
)
from services.gateway.cameras.visible import VisibleCameras
from services.gateway.cameras.writing import CameraWriting
from services.gateway.http.bodies import json_response, no_content, read_json
from services.gateway.http.etags import IF_MATCH, etag_header, preconditions, read_if_match
from services.gateway.http.idempotency import IDEMPOTENCY_KEY, Attempts
from services.gateway.http.paging import PAGE_PARAMETERS, page_schema
from services.gateway.http.proto_json import schema_of, to_json
from services.gateway.http.routes import Parameter, Route
from services.gateway.peers import CALL_TIMEOUT_S, INGEST, Peers
from services.gateway.people.identity import LONGEST_TOLD_MS, Identity
from services.gateway.people.sight import Person
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.clock import Clock
from snowlight.rpc.status import remote_errors

OWN_WRITE_WAIT_S = 2.0
_RIGHTS_DEPEND_ON = frozenset({"region", "ownership", "owner", "operator", "listed_for_residents"})
_LISTED = {
    **CAMERA_SCHEMA,
    "properties": {
        **CAMERA_SCHEMA["properties"],
        "distance_m": {"type": "number", "readOnly": True, "description": "From `near`."},
    },
}
_LIST_ANSWER = page_schema("cameras", _LISTED)
_LIST_ANSWER["properties"]["total_size"] = {"type": "integer"}


class CameraRoutes:
    """The camera registry over HTTP. Reads are served from memory, writes go to ingest."""

    def __init__(
        self,
        peers: Peers,
        identity: Identity,
        model: CameraModel,
        lists: CameraLists,
        attempts: Attempts,
        clock: Clock,
    ) -> None:
        self._peers = peers
        self._identity = identity
        self._model = model
        self._lists = lists
        self._attempts = attempts
        self._clock = clock
        self._writing = CameraWriting(peers, identity)
        self._visible = VisibleCameras(identity, model)

    def routes(self) -> tuple[Route, ...]:
        one = "/v1/cameras/{camera}"
        return (
            Route(
                "GET",
                "/v1/cameras",
                self.list_cameras,
                "Cameras in the regions the caller sees, by name unless ordered otherwise.",
                parameters=(
                    Parameter("region", "regions/{code}: only in it and below."),
                    Parameter(
                        "filter",
                        "AIP-160: words in the display name or the id; display_name, operator, state, "
                        "ownership, camera_class, enabled with =, != or, for texts, :; AND, OR, NOT, (). "
                        f"At most {LONGEST} characters and {MOST_TERMS} terms.",
                    ),
                    Parameter(
                        "order_by",
                        "AIP-132: name, display_name, state, or distance from `near`; `desc` turns one "
                        "round. By name, with `near` by distance.",
                    ),
                    Parameter("near", "LATITUDE,LONGITUDE, WGS-84: only cameras located around it."),
                    Parameter(
                        "radius",
                        f"Metres around `near`, {DEFAULT_RADIUS_M} unless given.",
                        {"type": "number", "minimum": 1, "maximum": FARTHEST_M},
                    ),
                    *PAGE_PARAMETERS,
                ),
                answer=_LIST_ANSWER,
                errors=(400, 401, 404),
            ),
            Route(
                "POST",
                "/v1/cameras",
                self.create,
                "Register a camera.",
                parameters=(Parameter("camera_id", "The id; left out, one is made."), IDEMPOTENCY_KEY),
                body=CAMERA_SCHEMA | {"required": ["region", "source_url"]},
                answer=CAMERA_SCHEMA,
                errors=(400, 401, 403, 409, 422),
            ),
            Route("GET", one, self.read, "One camera.", answer=CAMERA_SCHEMA, errors=(401, 404)),
            Route(
                "PATCH",
                one,
                self.change,
                "Change the fields given. Null is no value, but takes `location` away.",
                parameters=(IF_MATCH,),
                body=CAMERA_SCHEMA,
                answer=CAMERA_SCHEMA,
                errors=(400, 401, 403, 404, 409, 412),
            ),
            Route(
                "DELETE",
                one,
                self.delete,
                "Forget a camera. Its footage stays until its retention ends.",
                parameters=(IF_MATCH,),
                status=204,
                errors=(401, 403, 404, 409, 412),
            ),
            Route(
                "GET",
                f"{one}/status",
                self.status,
                "What a camera is doing, its last state changes and gaps.",
                answer=schema_of(camera_pb2.CameraStatus.DESCRIPTOR),
                errors=(401, 403, 404),
            ),
        )

    async def list_cameras(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        sight = await self._identity.sight(person)
        query = ListQuery.read(request.query)
        page = await self._lists.page(sight, query)
        cameras = [camera_json(known.camera) for known, _ in page.cameras]
        if query.circle is not None:
            for camera, (_, distance_m) in zip(cameras, page.cameras, strict=True):
                camera["distance_m"] = round(distance_m, 1)
        return json_response(
            {
                "cameras": cameras,
                "next_page_token": page.next_page_token,
                "total_size": page.total_size,
            }
        )

    async def create(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        camera_id = request.query.get("camera_id", "")
        body = await read_json(request)
        attempt = self._attempts.of(request, person.name, body)
        wish = camera_pb2.CreateCameraRequest(camera_id=camera_id, camera=read_new(body), **attempt.fields)
        return await self._written(await self._writing.create(person, wish))

    async def read(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        return _camera_response(await self.visible_camera(request, person))

    async def change(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        current = await self.visible_camera(request, person)
        camera, mask = read_changes(await read_json(request), current.name)
        if_match = read_if_match(request)
        camera.etag = if_match or camera.etag
        wish = camera_pb2.UpdateCameraRequest(camera=camera, update_mask=FieldMask(paths=mask))
        with preconditions(if_match):
            changed = await self._writing.change(person, current, wish)
        return await self._written(changed)

    async def delete(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        current = await self.visible_camera(request, person)
        await self._identity.require_recorded(person, "camera.manage", current.uid)
        if_match = read_if_match(request)
        with preconditions(if_match), remote_errors(INGEST):
            await self._peers.cameras.DeleteCamera(
                camera_pb2.DeleteCameraRequest(name=current.name, etag=if_match), timeout=CALL_TIMEOUT_S
            )
        await self._model.gone(current.uid, timeout_s=OWN_WRITE_WAIT_S)
        return no_content()

    async def status(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        camera = await self.visible_camera(request, person)
        sees_past = (await self._identity.sight(person)).sees_past(camera)
        status = await self._peers.workers.status(camera)
        if not sees_past:
            end_ms = self._clock.now_ms() + 1
            told = await self._identity.told(
                person,
                "camera.read",
                camera_uid=camera.uid,
                start_ms=end_ms - LONGEST_TOLD_MS,
                end_ms=end_ms,
            )
            keep_told(status, told, until_ms=end_ms)
        return json_response(to_json(status))

    async def visible_camera(self, request: web.Request, person: Person) -> camera_pb2.Camera:
        """The camera in the path. Raises NotFoundError alike for one that is not and one not to be seen."""
        return await self.visible(person, f"cameras/{request.match_info['camera']}")

    async def visible(self, person: Person, name: str) -> camera_pb2.Camera:
        """The camera "cameras/{id}". Raises NotFoundError as `visible_camera`."""
        return await self._visible.named(person, name)

    async def _written(self, camera: camera_pb2.Camera) -> web.Response:
        await self._model.reached(camera.revision, timeout_s=OWN_WRITE_WAIT_S)
        return _camera_response(self._model.by_uid(camera.uid) or camera)


def _camera_response(camera: camera_pb2.Camera) -> web.Response:
    return json_response(camera_json(camera), headers=etag_header(camera.etag))
