"""What a session needs to know of its camera."""

from dataclasses import dataclass

from services.ingest.sources.source import Credentials


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """One enabled camera. Any change of it means a new session."""

    uid: str
    name: str
    """`cameras/{id}`, for logs."""
    source_url: str
    """Without credentials."""
    credentials: Credentials | None = None
    audio: bool = False
    camera_class: int = 3
    """1 (most important) to 3."""
    schedule: str = ""
    """Weekly recording hours as in `Camera.schedule`, already checked; empty means always."""
