"""One export, as it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from snowlight.evidence.manifest import EvidenceClock, EvidenceExporter, EvidenceRendering

RENDERED = "rendered"
"""The folder of rendered files, in that of the export."""


class ExportState(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_STATES = (ExportState.PENDING, ExportState.RUNNING)


class Phase(StrEnum):
    WAITING = "waiting"
    COPYING = "copying"
    RENDERING = "rendering"
    SIGNING = "signing"


class Cut(StrEnum):
    KEY_FRAME = "key_frame"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Rendering:
    """How an export is made into files that play everywhere."""

    cut: Cut
    burn_in: bool
    labels: tuple[str, ...] = ()
    """What a camera's files are named after, in the order of the cameras; empty: their uids."""
    silent: tuple[str, ...] = ()
    """Cameras without their sound."""

    @property
    def mark(self) -> str:
        """The same for what would make the same files."""
        return f"{self.cut} {self.burn_in} {' '.join(self.silent)}"

    def label(self, camera_uids: tuple[str, ...], uid: str) -> str:
        return self.labels[camera_uids.index(uid)] if self.labels else uid

    def to_json(self) -> dict[str, Any]:
        return {
            "cut": self.cut,
            "burn_in": self.burn_in,
            "labels": list(self.labels),
            "silent": list(self.silent),
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Rendering":
        return cls(Cut(kept["cut"]), kept["burn_in"], tuple(kept["labels"]), tuple(kept["silent"]))


@dataclass(frozen=True, slots=True)
class Rendered:
    """One rendered file, as it is kept."""

    camera_uid: str
    plan: str
    """What it was made of and how: the same for what would become the same file."""
    crc32: int
    told: EvidenceRendering

    def to_json(self) -> dict[str, Any]:
        told = self.told.model_dump(mode="json")
        return {"camera_uid": self.camera_uid, "plan": self.plan, "crc32": self.crc32, "told": told}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Rendered":
        told = EvidenceRendering.model_validate(kept["told"], strict=False)
        return cls(kept["camera_uid"], kept["plan"], kept["crc32"], told)


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
    rendering: Rendering | None = None
    """None: the recorded objects alone are copied."""
    phase: Phase = Phase.WAITING
    percent: int = 0
    """Of the phase."""
    rendered: tuple[Rendered, ...] = ()
    expire_ms: int = 0
    """When the rendered files are to be deleted; 0: not yet known."""
    expired: bool = False
    exporter: EvidenceExporter | None = None
    """None: nobody but `created_by` is known."""
    camera_clocks: Mapping[str, EvidenceClock] = field(default_factory=dict)
    """By camera, of those whose clock was known when the export was asked for."""

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
