"""What is kept of a hold."""

from dataclasses import dataclass

from services.storage.spans import Span
from snowlight.api.storage.v1 import hold_pb2


@dataclass(frozen=True, slots=True)
class Hold:
    """Footage of a camera in [start_ms, end_ms) that nothing may delete while the hold is active."""

    id: str
    camera_uid: str
    start_ms: int
    end_ms: int
    case_number: str
    reason: str
    expire_ms: int | None
    """When it lets go by itself."""
    created_by: str
    create_ms: int
    released_by: str | None = None
    release_ms: int | None = None
    release_reason: str | None = None
    missing: tuple[Span, ...] = ()
    """Of the window, what was recorded once and had been deleted when the hold was made."""

    def message(self) -> hold_pb2.Hold:
        """The hold as it is told and kept."""
        return hold_pb2.Hold(
            name=f"holds/{self.id}",
            camera_uid=self.camera_uid,
            start_ms=self.start_ms,
            end_ms=self.end_ms,
            case_number=self.case_number,
            reason=self.reason,
            expire_ms=self.expire_ms or 0,
            created_by=self.created_by,
            create_ms=self.create_ms,
            released_by=self.released_by or "",
            release_ms=self.release_ms or 0,
            release_reason=self.release_reason or "",
            missing=[hold_pb2.HeldRange(start_ms=each.start_ms, end_ms=each.end_ms) for each in self.missing],
        )
