"""One erasure, as it is kept."""

from collections.abc import Sequence
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


def state_after(remaining: int, held: int, held_by: Sequence[str]) -> ErasureState:
    """Of an erasure once all was deleted that could be.

    `remaining`: objects that are there yet. `held`: those of them that a hold kept when they were counted.
    `held_by`: the holds, read after that: of one released in between, the objects have still to go.
    """
    if remaining > held or (remaining and not held_by):
        return ErasureState.PENDING
    return ErasureState.HELD if held_by else ErasureState.DONE
