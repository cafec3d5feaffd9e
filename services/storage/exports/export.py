"""One export, as it is kept."""

from dataclasses import dataclass
from enum import StrEnum


class ExportState(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_STATES = (ExportState.PENDING, ExportState.RUNNING)


@dataclass(frozen=True, slots=True)
class Export:
    """Footage of several cameras in one window [start_ms, end_ms), ms since 1970 UTC."""

    id: str
    camera_uids: tuple[str, ...]
    start_ms: int
    end_ms: int
    case_number: str
    reason: str
    created_by: str
    create_ms: int
    state: ExportState = ExportState.PENDING
    error: str = ""
    bytes_total: int = 0
    bytes_done: int = 0
    immutable: bool = False
    retain_until_ms: int = 0

    @property
    def name(self) -> str:
        return f"exports/{self.id}"

    @property
    def folder(self) -> str:
        """Below which everything of it lies in the evidence store."""
        return f"exp/{self.id}"

    @property
    def manifest_key(self) -> str:
        return f"{self.folder}/manifest.json"
