"""What storage knows of a camera."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CameraRecord:
    """A camera as the registry's feed told it. Kept after its deletion, as its footage is."""

    uid: str
    retention_days: int
    created_ms: int
    deleted_ms: int | None
