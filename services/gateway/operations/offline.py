"""Cameras that are away, why and since when."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from services.gateway.cameras.listing import CameraLists, ListQuery
from services.gateway.cameras.read_model import CameraModel
from services.gateway.http.bodies import json_response
from services.gateway.http.paging import PAGE_PARAMETERS, page_schema
from services.gateway.http.routes import Parameter, Route
from services.gateway.people.identity import Identity
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.instants import format_instant

_TEXT = {"type": "string"}
_CAMERA = {
    "type": "object",
    "properties": {
        "name": _TEXT,
        "uid": _TEXT,
        "display_name": _TEXT,
        "region": _TEXT,
        "managing_unit": _TEXT,
        "operator": _TEXT,
        "cause": _TEXT | {"description": "As `camera.auth_failed`."},
        "state_reason": _TEXT | {"description": "The cause, and what is known besides."},
        "state_time": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "Since when, for this cause; null while that is not known.",
        },
    },
}
_ANSWER = page_schema("cameras", _CAMERA)
_ANSWER["properties"]["total_size"] = {"type": "integer"}


class OfflineRoutes:
    """The model's answer, to whoever sees the cameras."""

    def __init__(self, identity: Identity, model: CameraModel, lists: CameraLists) -> None:
        self._identity = identity
        self._model = model
        self._lists = lists

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/v1/cameras:offline",
                self.list_offline,
                "Enabled cameras that cannot be reached, by name, with the cause and since when.",
                parameters=(
                    Parameter("region", "regions/{code}: only in it and below."),
                    Parameter("filter", "As of `/v1/cameras`."),
                    *PAGE_PARAMETERS,
                ),
                answer=_ANSWER,
                errors=(400, 401, 404),
            ),
        )

    async def list_offline(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        sight = await self._identity.sight(person)
        query = ListQuery.read(request.query, state=camera_pb2.OFFLINE)
        page = await self._lists.page(sight, query)
        return json_response(
            {
                "cameras": [self._json(known.camera) for known, _ in page.cameras],
                "next_page_token": page.next_page_token,
                "total_size": page.total_size,
            }
        )

    def _json(self, camera: camera_pb2.Camera) -> dict[str, Any]:
        since_ms = self._model.state_ms(camera.uid)
        return {
            "name": camera.name,
            "uid": camera.uid,
            "display_name": camera.display_name,
            "region": camera.region,
            "managing_unit": camera.managing_unit,
            "operator": camera.operator,
            "cause": camera.state_reason.partition(":")[0],
            "state_reason": camera.state_reason,
            "state_time": format_instant(since_ms) if since_ms is not None else None,
        }
