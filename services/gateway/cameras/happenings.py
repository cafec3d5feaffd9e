"""What happened to a camera, as people are told of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from services.gateway.cameras.journal import Happening
from services.gateway.cameras.resource import camera_json
from services.gateway.http.proto_json import to_json
from snowlight.api.ingest.v1 import camera_pb2, event_pb2
from snowlight.instants import format_instant


def changed(camera: camera_pb2.Camera, before: camera_pb2.Camera | None) -> Happening:
    """A camera was registered, or is another than `before`."""
    regions = {camera.region} | ({before.region} if before is not None else set())
    return Happening(
        "camera_changed",
        camera.uid,
        camera.name,
        frozenset(regions),
        to_body(camera_json(camera)),
        revision=camera.revision,
    )


def deleted(camera: camera_pb2.DeletedCamera, before: camera_pb2.Camera | None) -> Happening:
    """A camera is registered no more; `before` is what it was, if that is known."""
    regions = frozenset({before.region} if before is not None else ())
    return Happening(
        "camera_deleted",
        camera.uid,
        camera.name,
        regions,
        deleted_body(camera.name, camera.uid),
        revision=camera.revision,
    )


def out_of_sight(camera: camera_pb2.Camera) -> Happening:
    """A camera is there, and not to be seen any more."""
    body = deleted_body(camera.name, camera.uid)
    return Happening("camera_deleted", camera.uid, camera.name, frozenset({camera.region}), body)


def state_changed(event: event_pb2.StateEvent, camera: camera_pb2.Camera) -> Happening:
    """A camera does something else."""
    return Happening(
        "camera_state",
        camera.uid,
        camera.name,
        frozenset({camera.region}),
        state_body(camera, event.state, event.reason, event.time.ToMilliseconds()),
        number=event.number,
    )


def state_now(camera: camera_pb2.Camera, time_ms: int | None) -> Happening:
    """What a camera does, since `time_ms`; None while that is not known."""
    body = state_body(camera, camera.state, camera.state_reason, time_ms)
    return Happening("camera_state", camera.uid, camera.name, frozenset({camera.region}), body)


def health_changed(event: event_pb2.HealthEvent, camera: camera_pb2.Camera) -> Happening:
    """A camera's stream comes better or worse than before."""
    body = {"name": camera.name, "uid": camera.uid, "region": camera.region}
    body |= to_json(event.health, without={"reconnects"})
    return Happening(
        "camera_health",
        camera.uid,
        camera.name,
        frozenset({camera.region}),
        to_body(body),
        number=event.number,
    )


def state_body(
    camera: camera_pb2.Camera,
    state: camera_pb2.CameraState.ValueType,
    reason: str,
    time_ms: int | None,
) -> bytes:
    """A camera's state since `time_ms`, None while that is not known."""
    return to_body(
        {
            "name": camera.name,
            "uid": camera.uid,
            "region": camera.region,
            "state": camera_pb2.CameraState.Name(state),
            "state_reason": reason,
            "state_time": format_instant(time_ms) if time_ms is not None else None,
        }
    )


def deleted_body(name: str, uid: str) -> bytes:
    """A camera that is not there any more, for whom this is told."""
    return to_body({"name": name, "uid": uid})


def to_body(value: Mapping[str, Any]) -> bytes:
    """JSON on one line, as an event's data must be."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
