"""A layout of the wall as JSON: cameras by name, null where a tile is empty for who reads it."""

from __future__ import annotations

from typing import Any

from services.gateway.http.bodies import refuse_unknown
from services.gateway.http.proto_json import from_json, schema_of, to_json
from services.gateway.workspace.cameras import TILES_SCHEMA, SeenCameras
from snowlight.api.auth.v1 import workspace_pb2
from snowlight.errors import InvalidArgumentError

OUTPUT_ONLY = frozenset({"name", "owner", "etag", "create_time", "update_time"})

LAYOUT_SCHEMA = schema_of(workspace_pb2.WallLayout.DESCRIPTOR, output_only=OUTPUT_ONLY)
del LAYOUT_SCHEMA["properties"]["camera_uids"]
LAYOUT_SCHEMA["properties"] |= {
    "tiles": {"type": "integer", "enum": [1, 4, 9, 16, 25]},
    "cameras": TILES_SCHEMA,
    "patrol": {
        "type": ["object", "null"],
        "properties": {
            "groups": {
                "type": "array",
                "maxItems": 20,
                "items": {"type": "object", "properties": {"cameras": TILES_SCHEMA}},
            },
            "seconds": {"type": "integer", "minimum": 5, "maximum": 3600},
        },
    },
}


def layout_json(layout: workspace_pb2.WallLayout, cameras: SeenCameras) -> dict[str, Any]:
    """What its reader is told. Without a patrol it has none."""
    told = to_json(layout, without=frozenset({"camera_uids", "patrol"}))
    told["cameras"] = cameras.names(layout.camera_uids)
    if layout.HasField("patrol"):
        groups = [{"cameras": cameras.names(group.camera_uids)} for group in layout.patrol.groups]
        told["patrol"] = {"groups": groups, "seconds": layout.patrol.seconds}
    return told


def read_layout(body: dict[str, Any], cameras: SeenCameras) -> tuple[workspace_pb2.WallLayout, list[str]]:
    """The layout, and which of its fields are given. Raises InvalidArgumentError naming the field."""
    given = {field: value for field, value in body.items() if field not in OUTPUT_ONLY}
    refuse_unknown(given, set(LAYOUT_SCHEMA["properties"]))
    if "cameras" in given:
        given["camera_uids"] = cameras.uids(given.pop("cameras"), "cameras", empty=True)
    if given.get("patrol") is not None:
        given["patrol"] = _read_patrol(given["patrol"], cameras)
    return from_json(given, workspace_pb2.WallLayout), list(given)


def _read_patrol(value: Any, cameras: SeenCameras) -> dict[str, Any]:
    patrol = _object(value, "patrol", ("groups", "seconds"))
    groups = patrol.get("groups")
    if not isinstance(groups, list):
        raise InvalidArgumentError("request.type", "patrol.groups must be an array", field="patrol.groups")
    read = []
    for place, each in enumerate(groups):
        field = f"patrol.groups[{place}]"
        group = _object(each, field, ("cameras",))
        uids = cameras.uids(group.get("cameras", []), f"{field}.cameras", empty=True)
        read.append({"camera_uids": uids})
    return patrol | {"groups": read}


def _object(value: Any, field: str, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidArgumentError("request.type", f"{field} must be an object", field=field)
    for name in value:
        if name not in known:
            path = f"{field}.{name}"
            raise InvalidArgumentError("request.unknown_field", f"{path} is not a field here", field=path)
    return value
