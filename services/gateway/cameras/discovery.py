"""Looking for the cameras of a site, before they are registered."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import structlog
from aiohttp import web

from services.gateway.cameras.read_model import CameraModel
from services.gateway.http.bodies import read_json
from services.gateway.http.proto_json import from_json, schema_of, to_json
from services.gateway.http.routes import Route
from services.gateway.peers import INGEST, Peers
from services.gateway.people.identity import Identity
from services.gateway.people.sight import Sight
from snowlight.api.ingest.v1 import camera_pb2, discovery_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.rpc.status import remote_errors

LONGEST_SEARCH_S = 300.0

_ASKED = schema_of(discovery_pb2.DiscoverCamerasRequest.DESCRIPTOR)
_ASKED["properties"]["region"] = {
    "type": "string",
    "description": "regions/{code} they are to be registered in.",
}
_ASKED["properties"]["password"]["writeOnly"] = True
_ASKED["required"] = ["region"]
_FOUND = schema_of(discovery_pb2.FoundCamera.DESCRIPTOR)
_FOUND["properties"]["camera"] = {
    "type": "string",
    "description": "cameras/{id} that is registered with this main_url, if the caller sees one.",
}
_ANSWER = {"type": "object", "properties": {"cameras": {"type": "array", "items": _FOUND}}}

log = structlog.get_logger(__name__)


class DiscoveryRoutes:
    """For people who may register cameras in the region that they look for them in."""

    def __init__(self, peers: Peers, identity: Identity, model: CameraModel) -> None:
        self._peers = peers
        self._identity = identity
        self._model = model

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                "/v1/cameras:discover",
                self.discover,
                "Look for ONVIF cameras in networks that ingest may connect to (docs/discovery.md). Each "
                "comes as it is found; the answer ends with the search.",
                body=_ASKED,
                answer=_ANSWER,
                errors=(400, 401, 403, 429, 503),
            ),
        )

    async def discover(self, request: web.Request) -> web.StreamResponse:
        person = await self._identity.person(request)
        body = await read_json(request)
        region = body.get("region")
        if not isinstance(region, str) or not region:
            raise InvalidArgumentError("request.required", "region is required", field="region")
        asked = from_json(body, discovery_pb2.DiscoverCamerasRequest, ignore=frozenset({"region"}))
        await self._identity.require_proposed(person, "camera.manage", camera_pb2.Camera(region=region))
        registered = self._registered(await self._identity.sight(person))
        call = self._peers.discovery.DiscoverCameras(asked, timeout=LONGEST_SEARCH_S)
        try:
            return await _answer(request, aiter(call), registered)
        finally:
            call.cancel()  # a caller who is gone ends the search

    def _registered(self, sight: Sight) -> dict[str, str]:
        """The names of the cameras that the caller sees, by their source."""
        return {camera.source_url: camera.name for camera in self._model.after("") if sight.sees(camera)}


async def _answer(
    request: web.Request, found: AsyncIterator[discovery_pb2.FoundCamera], registered: dict[str, str]
) -> web.StreamResponse:
    with remote_errors(INGEST):
        first = await anext(found, None)  # what fails before it is told as ever
    response = web.StreamResponse(
        headers={"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
    )
    await response.prepare(request)
    try:
        await response.write(b'{"cameras":[')
        if first is not None:
            await response.write(_json(_told(first, registered)))
            with remote_errors(INGEST):
                async for each in found:
                    await response.write(b"," + _json(_told(each, registered)))
        await response.write(b"]}")
        await response.write_eof()
    except ConnectionError:
        log.info("discovery.left")
    except Exception:
        log.error("discovery.broken", exc_info=True)
        if request.transport is not None:
            request.transport.abort()  # so that nobody takes what there is for all of it
    return response


def _told(found: discovery_pb2.FoundCamera, registered: dict[str, str]) -> dict[str, Any]:
    return {**to_json(found), "camera": registered.get(found.main_url, "") if found.main_url else ""}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
