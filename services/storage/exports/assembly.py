"""Puts exports together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from services.storage.cameras.repository import CameraRepository
from services.storage.config import StorageSettings
from services.storage.exports.copying import ExportWorker
from services.storage.exports.evidence_folder import Folder
from services.storage.exports.evidence_store import EvidenceStore
from services.storage.exports.exports import Exports
from services.storage.exports.footage import ExportFootage, FootageOfCamera
from services.storage.exports.metrics import ExportMetrics
from services.storage.exports.rendering.renderer import Renderer
from services.storage.exports.repository import ExportRepository
from services.storage.exports.window_holds import WindowHolds
from services.storage.holds.repository import HoldRepository
from services.storage.index.found_hashes import FoundHashes
from snowlight.database import Database
from snowlight.evidence.signature import evidence_key
from snowlight.object_store import EvidenceSettings, StoreDescription
from snowlight.runtime import Runtime

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore


@dataclass(frozen=True)
class ExportParts:
    """`exports` answers; `worker` copies, under a lease."""

    exports: Exports
    worker: ExportWorker
    evidence: EvidenceStore


def build_exports(
    runtime: Runtime,
    settings: StorageSettings,
    database: Database,
    cameras: CameraRepository,
    holds: HoldRepository,
    footage: FootageOfCamera,
    stores: "Mapping[str, ObjectStore]",
    is_away: Callable[[str], bool],
) -> ExportParts:
    """Exports of the footage in `stores`."""
    described = settings.evidence.store(settings.store, runtime.cluster.data_dir)
    repository, windows = ExportRepository(database), WindowHolds(holds)
    evidence = open_evidence(settings.evidence, described, runtime.cluster.data_dir)
    worker = ExportWorker(
        repository,
        windows,
        ExportFootage(
            footage,
            cameras,
            FoundHashes(database),
            stores,
            is_away,
            runtime.clock,
            wait_seconds=settings.export_wait_seconds,
        ),
        stores,
        evidence,
        Renderer(
            repository,
            evidence,
            runtime.cluster.data_dir / "rendering",
            runtime.cluster.time_zone,
            runtime.clock,
            runtime.reached,
        ),
        evidence_key(runtime.key),
        runtime.clock,
        runtime.reached,
        ExportMetrics(runtime.registry),
        rendered_days=settings.export_rendered_days,
    )
    exports = Exports(
        repository, cameras, windows, worker, runtime.clock, retain_days=settings.evidence.retain_days
    )
    return ExportParts(exports, worker, evidence)


def open_evidence(settings: EvidenceSettings, store: StoreDescription, data_dir: Path) -> EvidenceStore:
    """The evidence store, which may be away. What speaks to a bucket's lock is not loaded for a folder."""
    if store.bucket is None:
        return Folder(store.folder(data_dir))
    from services.storage.exports.evidence_bucket import LockedBucket

    return LockedBucket(store, settings.lock_mode)
