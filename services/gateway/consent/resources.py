"""What these routes share: who asks auth, and cameras by name instead of by uid."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from aiohttp import web
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from services.gateway.cameras.read_model import CameraModel
from services.gateway.consent.calls import auth_errors, caller_fields
from services.gateway.http.bodies import json_response, read_json, refuse_unknown
from services.gateway.http.idempotency import Attempts
from services.gateway.http.proto_json import from_json, schema_of, to_json
from services.gateway.http.routes import Schema
from services.gateway.peers import CALL_TIMEOUT_S
from services.gateway.people.identity import Identity
from snowlight.errors import InvalidArgumentError

M = TypeVar("M", bound=Message)
Call = Callable[..., Awaitable[Any]]
Handler = Callable[[web.Request], Awaitable[web.Response]]
_UIDS = {"camera_uid": "camera", "camera_uids": "cameras"}


class Desk:
    """Asks auth in the name of a request's caller, with cameras as people name them."""

    def __init__(self, identity: Identity, model: CameraModel, attempts: Attempts) -> None:
        self._identity = identity
        self._model = model
        self._attempts = attempts

    async def caller(self, request: web.Request) -> dict[str, Any]:
        """Fields of every request to auth that a person makes. Raises UnauthenticatedError."""
        return caller_fields(await self._identity.person(request))

    async def creator(self, request: web.Request) -> dict[str, Any]:
        """As `caller`, of requests that create something and may be repeated."""
        person = await self._identity.person(request)
        attempt = self._attempts.of(request, person.name, await read_json(request))
        return caller_fields(person) | attempt.fields

    async def read(self, request: web.Request, message_type: type[M], fields: tuple[str, ...]) -> M:
        """The body as a message: only `fields` may be given, and `camera` or `cameras`, by name, where it has
        uids. Raises InvalidArgumentError naming the field.
        """
        body = await read_json(request)
        named = {uids: name for uids, name in _UIDS.items() if uids in message_type.DESCRIPTOR.fields_by_name}
        refuse_unknown(body, (*fields, *named.values()))
        given = {field: value for field, value in body.items() if field in fields}
        for uids, name in named.items():
            if body.get(name) is not None:
                given[uids] = self._uids(body[name], name)
        return from_json(given, message_type)

    def changes(self, call: Call, message_type: type[M], fields: tuple[str, ...], name: str) -> Handler:
        """Handles requests that change one resource. `name` is its name, with the path's parameters in it;
        `message_type` is what `call` takes: who asks, the name, and `fields` of the body.
        """

        async def handler(request: web.Request) -> web.Response:
            caller = await self.caller(request)
            wanted = await self.read(request, message_type, fields)
            wanted.MergeFrom(message_type(**caller, name=name.format_map(request.match_info)))
            return await self.answer(call, wanted)

        return handler

    async def answer(self, call: Call, wanted: M) -> web.Response:
        """What `call` answers to `wanted`."""
        with auth_errors():
            return json_response(self.write(await call(wanted, timeout=CALL_TIMEOUT_S)))

    async def page(self, call: Call, wanted: M, collection: str) -> web.Response:
        """A page of what `call` lists by that name."""
        with auth_errors():
            page = await call(wanted, timeout=CALL_TIMEOUT_S)
        items = [self.write(each) for each in getattr(page, collection)]
        return json_response({collection: items, "next_page_token": page.next_page_token})

    def write(self, message: Message) -> dict[str, Any]:
        """The message as JSON, with the names of its cameras that are still registered."""
        written = to_json(message)
        for uids, name in _UIDS.items():
            if uids in written:
                written[name] = self._names(written[uids])
        return written

    def _uids(self, value: Any, field: str) -> Any:
        if isinstance(value, str) and field == "camera":
            return self._model.uid_of(value)
        if isinstance(value, list) and field == "cameras" and all(isinstance(each, str) for each in value):
            return [self._model.uid_of(each) for each in value]
        wanted = "a camera's name" if field == "camera" else "an array of cameras' names"
        raise InvalidArgumentError("request.type", f"{field} must be {wanted}", field=field)

    def _names(self, uids: Any) -> Any:
        if isinstance(uids, list):
            return [self._names(uid) for uid in uids]
        camera = self._model.by_uid(uids)
        return camera.name if camera is not None else ""


def body_schema(message_type: type[Message], fields: tuple[str, ...], required: tuple[str, ...]) -> Schema:
    """The JSON Schema of a body that `Desk.read` takes."""
    properties = schema_of(cast(Descriptor, message_type.DESCRIPTOR))["properties"]
    chosen = {field: properties[field] for field in fields}
    for uids, name in _UIDS.items():
        if uids in properties:
            chosen[name] = properties[uids]
    return {"type": "object", "properties": chosen, "required": list(required)}


def answer_schema(message_type: type[Message]) -> Schema:
    """The JSON Schema of an answer that `Desk.write` makes."""
    schema = schema_of(cast(Descriptor, message_type.DESCRIPTOR))
    for uids, name in _UIDS.items():
        if uids in schema["properties"]:
            schema["properties"][name] = schema["properties"][uids]
    return schema
