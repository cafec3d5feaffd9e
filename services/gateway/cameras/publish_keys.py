"""Keys with which a camera publishes, and where to."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from services.gateway.cameras.routes import CameraRoutes
from services.gateway.http.bodies import json_response, no_content, read_json, take_strings
from services.gateway.http.proto_json import to_json
from services.gateway.http.routes import Route, Schema
from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from services.gateway.people.identity import Identity
from snowlight.api.auth.v1 import publish_pb2
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.rpc.status import remote_errors

_TEXT: Schema = {"type": "string"}
_ADDRESSES: Schema = {
    "type": "object",
    "properties": {"rtmp": _TEXT, "rtsp": _TEXT},
    "description": "Where the camera publishes to, with `?key=` and the key behind it.",
}
_KEY: Schema = {
    "type": "object",
    "properties": {
        "name": _TEXT | {"description": "cameras/{camera}/publish-keys/{key}"},
        "display_name": _TEXT,
        "create_time": _TEXT | {"format": "date-time"},
    },
}
_NEW_KEY: Schema = {
    "type": "object",
    "properties": {**_KEY["properties"], "key": _TEXT, "addresses": _ADDRESSES},
}
_KEYS: Schema = {
    "type": "object",
    "properties": {"publish_keys": {"type": "array", "items": _KEY}, "addresses": _ADDRESSES},
}
_BODY: Schema = {"type": "object", "properties": {"display_name": _TEXT}}


class PublishKeyRoutes:
    """For whoever may change the camera. `rtmp` and `rtsp`: HOST:PORT at which cameras reach ingest."""

    def __init__(
        self, peers: Peers, identity: Identity, cameras: CameraRoutes, *, rtmp: str | None, rtsp: str | None
    ) -> None:
        self._peers = peers
        self._identity = identity
        self._cameras = cameras
        self._rtmp = rtmp
        self._rtsp = rtsp

    def routes(self) -> tuple[Route, ...]:
        keys = "/v1/cameras/{camera}/publish-keys"
        return (
            Route(
                "GET",
                keys,
                self.list_keys,
                "A camera's publish keys, oldest first, without the keys themselves.",
                answer=_KEYS,
                errors=(401, 403, 404),
            ),
            Route(
                "POST",
                keys,
                self.create,
                "A key with which the camera publishes. It is told once.",
                body=_BODY,
                answer=_NEW_KEY,
                errors=(400, 401, 403, 404, 412),
            ),
            Route(
                "DELETE",
                f"{keys}/{{key}}",
                self.delete,
                "Take a key back. What is published with it ends.",
                status=204,
                errors=(401, 403, 404),
            ),
        )

    async def list_keys(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        camera = await self._cameras.visible_camera(request, person)
        wanted = publish_pb2.ListPublishKeysRequest(access_token=person.access_token, camera_uid=camera.uid)
        with remote_errors(AUTH):
            answer = await self._peers.publish_keys.ListPublishKeys(wanted, timeout=CALL_TIMEOUT_S)
        return json_response(
            {
                "publish_keys": [_key_json(key, camera) for key in answer.publish_keys],
                "addresses": self._addresses(camera),
            }
        )

    async def create(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        camera = await self._cameras.visible_camera(request, person)
        (display_name,) = take_strings(await read_json(request), (), ("display_name",))
        await self._identity.require_recorded(person, "camera.manage", camera.uid)
        wanted = publish_pb2.CreatePublishKeyRequest(
            access_token=person.access_token,
            remote_address=person.address,
            camera_uid=camera.uid,
            display_name=display_name,
        )
        with remote_errors(AUTH):
            made = await self._peers.publish_keys.CreatePublishKey(wanted, timeout=CALL_TIMEOUT_S)
        answer = _key_json(made.publish_key, camera)
        return json_response({**answer, "key": made.key, "addresses": self._addresses(camera)})

    async def delete(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        camera = await self._cameras.visible_camera(request, person)
        await self._identity.require_recorded(person, "camera.manage", camera.uid)
        wanted = publish_pb2.DeletePublishKeyRequest(
            access_token=person.access_token,
            remote_address=person.address,
            camera_uid=camera.uid,
            name=f"publish_keys/{request.match_info['key']}",
        )
        with remote_errors(AUTH):
            await self._peers.publish_keys.DeletePublishKey(wanted, timeout=CALL_TIMEOUT_S)
        return no_content()

    def _addresses(self, camera: camera_pb2.Camera) -> dict[str, str]:
        camera_id = camera.name.removeprefix("cameras/")
        addresses = {}
        if self._rtmp:
            addresses["rtmp"] = f"rtmp://{self._rtmp}/live/{camera_id}"
        if self._rtsp:
            addresses["rtsp"] = f"rtsp://{self._rtsp}/{camera_id}"
        return addresses


def _key_json(key: publish_pb2.PublishKey, camera: camera_pb2.Camera) -> dict[str, Any]:
    told = to_json(key, without={"name", "camera_uid"})
    return {"name": f"{camera.name}/publish-keys/{key.name.removeprefix('publish_keys/')}", **told}
