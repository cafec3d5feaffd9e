"""Exports as people get them."""

from __future__ import annotations

from typing import Any

from services.gateway.cameras.read_model import CameraModel
from snowlight.api.storage.v1 import export_pb2
from snowlight.instants import format_instant

_INSTANT = {"type": "string", "format": "date-time"}
_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}
_FILE = {
    "type": "object",
    "properties": {
        "camera": _TEXT,
        "file": _TEXT | {"description": "For `file` of the download."},
        "start": _INSTANT,
        "end": _INSTANT,
        "duration_ms": _NUMBER | {"description": "How long it plays: gaps are left out."},
        "size": _NUMBER,
        "sha256": _TEXT,
        "codecs": _TEXT | {"description": "RFC 6381."},
    },
}
EXPORT = {
    "type": "object",
    "properties": {
        "name": _TEXT,
        "cameras": {
            "type": "array",
            "items": _TEXT | {"description": "cameras/{id}, or the uid of a camera that was removed."},
        },
        "start": _INSTANT,
        "end": _INSTANT,
        "case_number": _TEXT,
        "reason": _TEXT,
        "cut": {"type": "string", "enum": ["KEY_FRAME", "EXACT"]},
        "burn_in": {"type": "boolean"},
        "created_by": _TEXT,
        "create_time": _INSTANT,
        "state": {"type": "string", "enum": ["PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"]},
        "phase": {"type": "string", "enum": ["WAITING", "COPYING", "RENDERING", "SIGNING"]},
        "percent": _NUMBER | {"description": "Of the phase."},
        "error": _TEXT | {"description": "What it waits for, or why it failed."},
        "bytes_total": _NUMBER,
        "bytes_done": _NUMBER,
        "files": {"type": "array", "items": _FILE},
        "expire_time": _INSTANT | {"description": "The files can be had until then; null: not yet known."},
        "expired": {"type": "boolean"},
        "immutable": {"type": "boolean", "description": "The store lets nobody change the copies."},
        "retain_until": _INSTANT | {"description": "Of the copies."},
    },
}


def export_json(export: export_pb2.Export, cameras: CameraModel) -> dict[str, Any]:
    """One export."""

    def name(uid: str) -> str:
        camera = cameras.by_uid(uid)
        return camera.name if camera is not None else uid

    return {
        "name": export.name,
        "cameras": [name(uid) for uid in export.camera_uids],
        "start": format_instant(export.start_ms),
        "end": format_instant(export.end_ms),
        "case_number": export.case_number,
        "reason": export.reason,
        "cut": export_pb2.Rendering.Cut.Name(export.rendering.cut) if export.rendering.cut else None,
        "burn_in": export.rendering.burn_in,
        "created_by": export.created_by,
        "create_time": format_instant(export.create_ms),
        "state": export_pb2.Export.State.Name(export.state),
        "phase": export_pb2.Export.Phase.Name(export.phase),
        "percent": export.percent,
        "error": export.error,
        "bytes_total": export.bytes_total,
        "bytes_done": export.bytes_done,
        "files": [
            {
                "camera": name(file.camera_uid),
                "file": file.file.rpartition("/")[2],
                "start": format_instant(file.start_ms),
                "end": format_instant(file.end_ms),
                "duration_ms": file.duration_ms,
                "size": file.size,
                "sha256": file.sha256.hex(),
                "codecs": file.codecs,
            }
            for file in export.files
        ],
        "expire_time": format_instant(export.expire_ms) if export.expire_ms else None,
        "expired": export.expired,
        "immutable": export.immutable,
        "retain_until": format_instant(export.retain_until_ms),
    }
