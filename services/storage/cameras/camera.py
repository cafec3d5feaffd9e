"""What storage knows of a camera."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CameraRecord:
    """A camera as the registry's feed told it. Kept after its deletion, as its footage is."""

    uid: str
    retention_days: int
    """Its own; 0 when policy decides."""
    created_ms: int
    deleted_ms: int | None
    region: str
    """Code."""
    camera_class: int
    ownership: int
    kept_days: int
    """For how long its footage is kept, by the policy that holds for it."""
    minimum_days: int
    """For how long at least when a store runs full."""


@dataclass(frozen=True, slots=True)
class CameraVersion:
    """What holds of a camera from `from_ms` on, until its next version does."""

    from_ms: int
    region: str
    camera_class: int
    ownership: int
    enabled: bool
    schedule: str
    retention_days: int
    operator: str
