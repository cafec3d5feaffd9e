"""An export as whoever receives it has it: a signed manifest, and beside it files that are no footage."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from snowlight.access.cluster_key import ClusterKey
from snowlight.evidence.manifest import (
    FORMATS,
    MANIFEST_NAME,
    EvidenceCamera,
    EvidenceClock,
    EvidenceExporter,
    EvidenceGap,
    EvidenceObject,
    Manifest,
)
from snowlight.evidence.signature import evidence_key, sign
from snowlight.instants import format_instant

START_MS = 1_764_145_800_000
KEY = evidence_key(ClusterKey("a cluster key that is long enough for a test"))
OFFICER = EvidenceExporter(
    person="031877", unit="城关派出所", organisation="County police", incident="case 2026-118"
)
SLOW = EvidenceClock(offset_ms=-1_250, measured=format_instant(START_MS))


def write_officers_export(folder: Path) -> Path:
    """The same, with all that the newest format tells."""
    return write_export(folder, format=FORMATS[-1], exporter=OFFICER, clock=SLOW)


def write_export(
    folder: Path, *, gap_cause: str | None = "network", clock: EvidenceClock | None = None, **told: Any
) -> Path:
    """Two objects of a minute each, a hole of ten seconds between them; the manifest's path. `told`: further
    fields of it."""
    objects = []
    for number, start_ms in enumerate((START_MS, START_MS + 70_000)):
        content = bytes([number]) * 5000
        file = f"cam/{start_ms}.mp4"
        (folder / "cam").mkdir(exist_ok=True)
        (folder / file).write_bytes(content)
        digest = sha256(content).hexdigest()
        objects.append(
            EvidenceObject(
                file=file,
                start=format_instant(start_ms),
                end=format_instant(start_ms + 60_000),
                size=len(content),
                sha256=digest,
                committed_sha256=digest,
                store="default",
                key=f"rec/cam/20251126/{start_ms}-60000-1-{number}-0a1b2c3d.mp4",
                epoch=1,
                codecs="avc1.640028",
            )
        )
    hole = (format_instant(START_MS + 60_000), format_instant(START_MS + 70_000))
    gaps = (EvidenceGap(start=hole[0], end=hole[1], cause=gap_cause),) if gap_cause else ()
    manifest = Manifest(
        **told,
        export="exports/e1",
        case_number="A4213-2026-0117",
        reason="theft at the east gate",
        created_by="principals/li",
        create_time=format_instant(START_MS + 500_000),
        start=format_instant(START_MS + 10_000),
        end=format_instant(START_MS + 125_000),
        immutable=True,
        retain_until=format_instant(START_MS + 86_400_000),
        cameras=(EvidenceCamera(uid="cam", objects=tuple(objects), gaps=gaps, clock=clock),),
    )
    path = folder / MANIFEST_NAME
    path.write_bytes(manifest.to_bytes())
    path.with_name("manifest.json.jws").write_bytes(sign(manifest.to_bytes(), KEY))
    return path
