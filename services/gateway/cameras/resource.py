"""The camera resource as JSON: what a caller may write, and what may be wrong with it."""

from __future__ import annotations

import re
from typing import Any

from services.gateway.http.proto_json import from_json, schema_of, to_json
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import InvalidArgumentError

INTERNAL = frozenset({"revision"})
OUTPUT_ONLY = frozenset(
    {"name", "uid", "etag", "state", "state_reason", "create_time", "update_time", "revision"}
)
_CAMERA_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_TEXT = 2000

CAMERA_SCHEMA = schema_of(camera_pb2.Camera.DESCRIPTOR, output_only=OUTPUT_ONLY)
for _name in INTERNAL:
    del CAMERA_SCHEMA["properties"][_name]


def camera_json(camera: camera_pb2.Camera) -> dict[str, Any]:
    """What callers are told."""
    return to_json(camera, without=INTERNAL)


def read_new(body: dict[str, Any]) -> camera_pb2.Camera:
    """The camera of a POST, enabled unless it says otherwise. Raises InvalidArgumentError naming a field."""
    camera = from_json(body, camera_pb2.Camera, ignore=OUTPUT_ONLY)
    if body.get("enabled") is None:
        camera.enabled = True
    for name in ("display_name", "region", "source_url"):
        if not getattr(camera, name):
            raise InvalidArgumentError("request.required", f"{name} is required", field=name)
    _check(camera)
    return camera


def read_changes(body: dict[str, Any], name: str) -> tuple[camera_pb2.Camera, list[str]]:
    """The camera of a PATCH to `name`, and the fields given. Raises InvalidArgumentError naming a field."""
    camera = from_json(body, camera_pb2.Camera, ignore=OUTPUT_ONLY)
    if body.get("name", name) != name:
        raise InvalidArgumentError("request.immutable", "name cannot be changed", field="name")
    etag = body.get("etag") or ""
    if not isinstance(etag, str):
        raise InvalidArgumentError("request.type", "etag must be a string", field="etag")
    camera.name, camera.etag = name, etag
    mask = [field for field in body if field not in OUTPUT_ONLY]
    for field in ("display_name", "region", "source_url"):
        if field in mask and not getattr(camera, field):
            raise InvalidArgumentError("request.required", f"{field} cannot be empty", field=field)
    _check(camera)
    return camera, mask


def check_camera_id(camera_id: str) -> None:
    """Raises InvalidArgumentError unless it is empty or may be a camera's id."""
    if camera_id and not _CAMERA_ID.fullmatch(camera_id):
        raise InvalidArgumentError(
            "camera.id",
            "camera_id must be lower-case letters, digits and inner hyphens, 63 at most",
            field="camera_id",
        )


def _check(camera: camera_pb2.Camera) -> None:
    for field in ("display_name", "region", "source_url", "sub_source_url", "owner", "managing_unit"):
        if len(getattr(camera, field)) > _LONGEST_TEXT:
            raise InvalidArgumentError(
                "request.too_long", f"{field} may have {_LONGEST_TEXT} characters at most", field=field
            )
    if camera.region and not re.fullmatch(r"regions/[0-9A-Za-z-]{1,64}", camera.region):
        raise InvalidArgumentError("request.region", "region must be regions/{code}", field="region")
    _check_within(camera.camera_class, 0, 3, "camera_class")
    _check_within(camera.retention_days, 0, 36_500, "retention_days")
    _check_within(camera.location.latitude, -90, 90, "location.latitude")
    _check_within(camera.location.longitude, -180, 180, "location.longitude")


def _check_within(value: float, lowest: int, highest: int, field: str) -> None:
    if not lowest <= value <= highest:
        raise InvalidArgumentError("request.range", f"{field} must be {lowest} to {highest}", field=field)
