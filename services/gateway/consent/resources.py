"""What these routes share: cameras by name instead of by uid, pages, and the caller's address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from aiohttp import web
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from services.gateway.cameras.read_model import CameraModel
from services.gateway.http.bodies import read_json
from services.gateway.http.proto_json import from_json, schema_of, to_json
from services.gateway.http.routes import Parameter, Schema
from services.gateway.peers import AUTH
from services.gateway.people.identity import Identity
from snowlight.errors import InvalidArgumentError, SnowlightError
from snowlight.rpc.status import remote_errors

M = TypeVar("M", bound=Message)
LARGEST_PAGE = 1000
PAGE_PARAMETERS = (
    Parameter("page_size", "How many a page.", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE}),
    Parameter("page_token", "next_page_token of the page before."),
)
_UIDS = {"camera_uid": "camera", "camera_uids": "cameras"}


class Desk:
    """The caller of a request, and cameras as people name them."""

    def __init__(self, identity: Identity, model: CameraModel) -> None:
        self._identity = identity
        self._model = model

    async def caller(self, request: web.Request) -> dict[str, Any]:
        """Fields of every request to auth that a person makes. Raises UnauthenticatedError."""
        person = await self._identity.person(request)
        return {"access_token": person.access_token, "remote_address": person.address}

    async def read(self, request: web.Request, message_type: type[M], fields: tuple[str, ...]) -> M:
        """The body as a message: only `fields` may be given, and `camera` or `cameras`, by name, where it has
        uids. Raises InvalidArgumentError naming the field.
        """
        body = await read_json(request)
        named = {uids: name for uids, name in _UIDS.items() if uids in message_type.DESCRIPTOR.fields_by_name}
        for field in body:
            if field not in fields and field not in named.values():
                raise InvalidArgumentError(
                    "request.unknown_field", f"{field} is not a field here", field=field
                )
        given = {field: value for field, value in body.items() if field in fields}
        for uids, name in named.items():
            if body.get(name) is not None:
                given[uids] = self._uids(body[name], name)
        return from_json(given, message_type)

    def write(self, message: Message) -> dict[str, Any]:
        """The message as JSON, with the names of its cameras that are still registered."""
        written = to_json(message)
        for uids, name in _UIDS.items():
            if uids in written:
                written[name] = self._names(written[uids])
        return written

    def uid(self, name: str) -> str:
        """The uid of "cameras/{id}". Of an unknown one it is none, so that auth alone says who may know."""
        camera = self._model.by_name(name)
        return camera.uid if camera is not None else name.removeprefix("cameras/")

    def _uids(self, value: Any, field: str) -> Any:
        if isinstance(value, str) and field == "camera":
            return self.uid(value)
        if isinstance(value, list) and field == "cameras" and all(isinstance(each, str) for each in value):
            return [self.uid(each) for each in value]
        wanted = "a camera's name" if field == "camera" else "an array of cameras' names"
        raise InvalidArgumentError("request.type", f"{field} must be {wanted}", field=field)

    def _names(self, uids: Any) -> Any:
        if isinstance(uids, list):
            return [self._names(uid) for uid in uids]
        camera = self._model.by_uid(uids)
        return camera.name if camera is not None else ""


@contextmanager
def auth_errors() -> Iterator[None]:
    """`remote_errors` of auth, which names the fields that people write as cameras' names by uid."""
    try:
        with remote_errors(AUTH):
            yield
    except SnowlightError as error:
        if not error.field.startswith("camera_uid"):
            raise
        detail, field = (text.replace("camera_uid", "camera") for text in (error.detail, error.field))
        raise type(error)(error.code, detail, field=field) from error


def read_page(query: Mapping[str, str]) -> dict[str, Any]:
    """Fields of a request for a page. Raises InvalidArgumentError("page_size")."""
    text = query.get("page_size", "")
    if text and not (text.isascii() and text.isdecimal() and 0 < int(text[:6]) <= LARGEST_PAGE):
        raise InvalidArgumentError(
            "request.page_size", f"page_size must be 1 to {LARGEST_PAGE}", field="page_size"
        )
    return {"page_size": int(text) if text else 0, "page_token": query.get("page_token", "")}


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


def page_schema(collection: str, message_type: type[Message]) -> Schema:
    """The JSON Schema of a page."""
    items = {"type": "array", "items": answer_schema(message_type)}
    token = {"type": "string", "description": "Empty on the last page."}
    return {"type": "object", "properties": {collection: items, "next_page_token": token}}
