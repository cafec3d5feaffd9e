"""Puts the eraser together."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.storage.erasure.copies import ErasedCopies
from services.storage.erasure.eraser import Eraser
from services.storage.erasure.repository import ErasureRepository
from services.storage.exports.evidence_store import EvidenceStore
from services.storage.exports.repository import ExportRepository
from services.storage.index.day_objects import DayObjects
from services.storage.index.repository import Repository
from services.storage.reconcile.aside import Aside
from services.storage.retention.deletion import Footage
from services.storage.retention.pictures import KeptPictures
from snowlight.clock import Clock
from snowlight.steps import Reached

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore


@dataclass(frozen=True, slots=True)
class ErasingParts:
    """`erasures` keeps what is asked for; `eraser` carries it out, under a lease."""

    erasures: ErasureRepository
    eraser: Eraser


def build_erasing(
    repository: Repository,
    stores: "Mapping[str, ObjectStore]",
    evidence: EvidenceStore,
    pictures: KeptPictures,
    check: Callable[[str], Awaitable[None]],
    clock: Clock,
    reached: Reached,
    *,
    look_seconds: float,
) -> ErasingParts:
    """`check`, `look_seconds`: see Eraser."""
    erasures = ErasureRepository(repository.database)
    copies = ErasedCopies(erasures, ExportRepository(repository.database), evidence, clock)
    objects = DayObjects(stores, cache_bytes=0)
    aside = Aside(repository.database, stores, clock)
    eraser = Eraser(
        erasures,
        repository,
        objects,
        Footage(stores),
        copies,
        aside,
        pictures,
        check,
        clock,
        reached,
        look_seconds=look_seconds,
    )
    return ErasingParts(erasures, eraser)
