"""The camera resource as JSON. Types are checked here; what values a camera may have, ingest decides."""

from __future__ import annotations

from typing import Any

from services.gateway.http.etags import body_etag
from services.gateway.http.proto_json import from_json, schema_of, to_json
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import InvalidArgumentError

INTERNAL = frozenset({"revision"})
OUTPUT_ONLY = frozenset(
    {"name", "uid", "etag", "state", "state_reason", "create_time", "update_time", "owner_time", "revision"}
)


_CAN_BE_ABSENT = frozenset({"location"})
"""Null takes it away in a PATCH (RFC 7396). Any other field always has a value, and null names none."""

CAMERA_SCHEMA = schema_of(camera_pb2.Camera.DESCRIPTOR, output_only=OUTPUT_ONLY)
for _name in INTERNAL:
    del CAMERA_SCHEMA["properties"][_name]


def camera_json(camera: camera_pb2.Camera) -> dict[str, Any]:
    """What callers are told."""
    return to_json(camera, without=INTERNAL)


def read_new(body: dict[str, Any]) -> camera_pb2.Camera:
    """The camera of a POST, enabled unless it says otherwise. Raises InvalidArgumentError naming a field."""
    camera = _read(body)
    if body.get("enabled") is None:
        camera.enabled = True
    if not camera.region:
        raise InvalidArgumentError("request.required", "region is required", field="region")
    return camera


def read_changes(body: dict[str, Any], name: str) -> tuple[camera_pb2.Camera, list[str]]:
    """The camera of a PATCH to `name`, and the fields given. Raises InvalidArgumentError naming a field."""
    camera = _read(body)
    if body.get("name", name) != name:
        raise InvalidArgumentError("request.immutable", "name cannot be changed", field="name")
    camera.name, camera.etag = name, body_etag(body)
    fields = [field for field in body if field not in OUTPUT_ONLY]
    for field in fields:
        if body[field] is None and field not in _CAN_BE_ABSENT:
            raise InvalidArgumentError(
                "request.null", f"{field} cannot be null: leave it out to keep it", field=field
            )
    return camera, fields


def _read(body: dict[str, Any]) -> camera_pb2.Camera:
    camera = from_json(body, camera_pb2.Camera, ignore=OUTPUT_ONLY)
    # gRPC cannot leave a number out, so ingest takes class 0 for the default. JSON can: its 0 is a mistake.
    if body.get("camera_class") == 0:
        raise InvalidArgumentError("request.invalid", "camera_class must be at least 1", field="camera_class")
    return camera
