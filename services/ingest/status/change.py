"""One change of a camera's state, or of how well its stream comes."""

from dataclasses import dataclass
from typing import TypeAlias

from services.ingest.health.stream_health import StreamHealth
from snowlight.api.ingest.v1 import camera_pb2

State: TypeAlias = camera_pb2.CameraState.ValueType


@dataclass(frozen=True, slots=True)
class StateChange:
    """A camera's state from `time_ms` (since 1970 UTC) on. Times of one camera are strictly increasing."""

    uid: str
    time_ms: int
    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class HealthChange:
    """A camera's stream comes materially better or worse than was told before."""

    uid: str
    health: StreamHealth
