"""One erasure, as it is kept."""

from dataclasses import dataclass
from enum import StrEnum

from snowlight.api.storage.v1 import retention_pb2


class ErasureState(StrEnum):
    PENDING = "pending"
    HELD = "held"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Erasure:
    """Footage of a camera in [start_ms, end_ms), ms since 1970 UTC, is to go."""

    camera_uid: str
    start_ms: int
    end_ms: int
    reason: str
    create_ms: int
    state: ErasureState = ErasureState.PENDING
    held_by: tuple[str, ...] = ()
    remaining_objects: int = 0
    error: str = ""

    def message(self) -> retention_pb2.Erasure:
        """As it is told."""
        return retention_pb2.Erasure(
            camera_uid=self.camera_uid,
            start_ms=self.start_ms,
            end_ms=self.end_ms,
            reason=self.reason,
            create_ms=self.create_ms,
            state=retention_pb2.Erasure.State.Value(self.state.name),
            held_by=self.held_by,
            remaining_objects=self.remaining_objects,
            error=self.error,
        )
