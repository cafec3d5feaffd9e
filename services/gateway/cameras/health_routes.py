"""How well a camera's stream comes (docs/health.md)."""

from __future__ import annotations

from aiohttp import web

from services.gateway.cameras.routes import CameraRoutes
from services.gateway.http.bodies import json_response
from services.gateway.http.proto_json import schema_of, to_json
from services.gateway.http.routes import Route
from services.gateway.peers import Peers
from services.gateway.people.identity import Identity
from snowlight.api.ingest.v1 import health_pb2


class HealthRoutes:
    """Ingest's answer, to whoever sees the camera; the last day's to those who may be told all its past."""

    def __init__(self, peers: Peers, identity: Identity, cameras: CameraRoutes) -> None:
        self._peers = peers
        self._identity = identity
        self._cameras = cameras

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/v1/cameras/{camera}/health",
                self.read,
                "How well a camera's stream comes: the last minute, and the last day by hour.",
                answer=schema_of(health_pb2.CameraHealth.DESCRIPTOR),
                errors=(401, 404, 503),
            ),
        )

    async def read(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        camera = await self._cameras.visible_camera(request, person)
        health = await self._peers.workers.health(camera)
        if not (await self._identity.sight(person)).sees_past(camera):
            health.ClearField("hours")
            health.ClearField("reconnects_last_day")
            if health.HasField("stream"):
                health.stream.ClearField("reconnects")
        return json_response(to_json(health))
