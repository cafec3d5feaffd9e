"""One's favourite cameras over HTTP."""

from __future__ import annotations

from aiohttp import web

from services.gateway.cameras.read_model import CameraModel
from services.gateway.http.bodies import json_response, read_json, refuse_unknown
from services.gateway.http.etags import IF_MATCH, body_etag, etag_header, preconditions, read_if_match
from services.gateway.http.routes import Route
from services.gateway.peers import CALL_TIMEOUT_S, Peers
from services.gateway.people.identity import Identity
from services.gateway.workspace.cameras import SeenCameras, workspace_errors
from snowlight.api.auth.v1 import workspace_pb2

_SCHEMA = {
    "type": "object",
    "properties": {
        "cameras": {"type": "array", "items": {"type": "string"}, "maxItems": 500},
        "etag": {"type": "string"},
    },
}


class FavouriteRoutes:
    """An ordered list a person."""

    def __init__(self, peers: Peers, identity: Identity, model: CameraModel) -> None:
        self._peers = peers
        self._identity = identity
        self._model = model

    def routes(self) -> tuple[Route, ...]:
        path = "/v1/favourites"
        return (
            Route(
                "GET",
                path,
                self.read,
                "The caller's favourite cameras that they still see, in their order.",
                answer=_SCHEMA,
                errors=(401, 403),
            ),
            Route(
                "PUT",
                path,
                self.replace,
                "Replace them all, 500 at most.",
                parameters=(IF_MATCH,),
                body=_SCHEMA | {"required": ["cameras"]},
                answer=_SCHEMA,
                errors=(400, 401, 403, 409, 412),
            ),
        )

    async def read(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        cameras = SeenCameras(self._model, await self._identity.sight(person))
        wanted = workspace_pb2.GetFavouritesRequest(access_token=person.access_token)
        with workspace_errors():
            favourites = await self._peers.workspaces.GetFavourites(wanted, timeout=CALL_TIMEOUT_S)
        return _answer(favourites, cameras)

    async def replace(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        cameras = SeenCameras(self._model, await self._identity.sight(person))
        body = await read_json(request)
        refuse_unknown(body, ("cameras", "etag"))
        if_match = read_if_match(request)
        favourites = workspace_pb2.Favourites(
            camera_uids=cameras.uids(body.get("cameras"), "cameras", empty=False),
            etag=if_match or body_etag(body),
        )
        wanted = workspace_pb2.SetFavouritesRequest(access_token=person.access_token, favourites=favourites)
        with preconditions(if_match), workspace_errors():
            replaced = await self._peers.workspaces.SetFavourites(wanted, timeout=CALL_TIMEOUT_S)
        return _answer(replaced, cameras)


def _answer(favourites: workspace_pb2.Favourites, cameras: SeenCameras) -> web.Response:
    names = [name for name in cameras.names(favourites.camera_uids) if name is not None]
    return json_response({"cameras": names, "etag": favourites.etag}, headers=etag_header(favourites.etag))
