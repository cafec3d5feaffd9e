"""The status of a Camera: what became of its spec, and what the camera does."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.ingest.camera_resources.resources import CameraResource
from services.ingest.camera_resources.wishes import spec_field
from services.ingest.kubernetes.client import format_time
from services.ingest.registry.record import CameraRecord
from services.ingest.status.change import State
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import SnowlightError

SYNCED = "Synced"
ONLINE = "Online"
_MAX_MESSAGE = 1024
_STATES: Mapping[int, str] = {
    camera_pb2.CONNECTING: "Connecting",
    camera_pb2.ONLINE: "Online",
    camera_pb2.OFFLINE: "Offline",
    camera_pb2.DISABLED: "Disabled",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the last look at a resource came to. `record`: its camera, None where there is none of it."""

    resource_uid: str
    generation: int
    record: CameraRecord | None
    error: SnowlightError | None = None
    note: str = ""
    """What there is to tell though it went well."""


def camel(code: str) -> str:
    """ "camera.auth_failed" as a condition's reason: CameraAuthFailed."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^0-9A-Za-z]+", code))


def told(error: SnowlightError) -> str:
    """What is to be mended, naming the field."""
    text = error.detail or error.code
    return (f"{spec_field(error.field)}: {text}" if error.field else text)[:_MAX_MESSAGE]


def status_of(
    resource: CameraResource, outcome: Outcome, state: State, state_reason: str, now_ms: int
) -> dict[str, Any]:
    """The whole status. It is the one that the resource has, down to its times, where nothing changed."""
    record = outcome.record
    status: dict[str, Any] = {"observedGeneration": outcome.generation}
    if record is not None:
        status |= {
            "uid": record.uid,
            "region": record.region,
            "recording": "Off" if not record.enabled else "Scheduled" if record.schedule else "Always",
        }
        if state in _STATES:
            status["state"] = _STATES[state]
    conditions = [_synced(outcome)]
    if record is not None:
        conditions.append(_online(state, state_reason))
    kept = {one["type"]: one for one in resource.status.get("conditions") or ()}
    status["conditions"] = [
        _timed({**condition, "observedGeneration": outcome.generation}, kept.get(condition["type"]), now_ms)
        for condition in conditions
    ]
    return status


def is_condition(status: Mapping[str, Any], kind: str) -> bool:
    """Whether the condition is there and true."""
    conditions: Sequence[Mapping[str, Any]] = status.get("conditions") or ()
    return any(one["type"] == kind and one["status"] == "True" for one in conditions)


def _synced(outcome: Outcome) -> dict[str, Any]:
    if outcome.error is not None:
        return _condition(SYNCED, "False", camel(outcome.error.code), told(outcome.error))
    return _condition(SYNCED, "True", "Synced", outcome.note)


def _online(state: State, reason: str) -> dict[str, Any]:
    if state == camera_pb2.ONLINE:
        return _condition(ONLINE, "True", "Online", "")
    if state not in _STATES or state == camera_pb2.CONNECTING:
        return _condition(ONLINE, "Unknown", "Connecting", "")
    code, _, detail = reason.partition(": ")
    return _condition(ONLINE, "False", camel(code) or _STATES[state], detail[:_MAX_MESSAGE])


def _condition(kind: str, status: str, reason: str, message: str) -> dict[str, Any]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def _timed(condition: dict[str, Any], before: Mapping[str, Any] | None, now_ms: int) -> dict[str, Any]:
    """With the time at which its status last changed."""
    changed = before is None or before["status"] != condition["status"]
    return {
        **condition,
        "lastTransitionTime": format_time(now_ms)
        if changed or before is None
        else before["lastTransitionTime"],
    }
