"""The reconciler put together."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from services.storage.catalogue.completion import Completion
from services.storage.config import StorageSettings
from services.storage.index.day_objects import DayObjects
from services.storage.index.found_hashes import FoundHashes
from services.storage.index.packable import PackableRows
from services.storage.index.replaced import Replaced
from services.storage.index.repository import Repository
from services.storage.reconcile.adopting import Adopting
from services.storage.reconcile.aside import Aside
from services.storage.reconcile.comparison import Comparison
from services.storage.reconcile.hashing import Hashing
from services.storage.reconcile.losing import Losing
from services.storage.reconcile.metrics import ReconcileMetrics
from services.storage.reconcile.reconciler import Reconciler
from services.storage.reconcile.recovering import Recovering
from services.storage.reconcile.rows import ReconcileRows
from services.storage.stores.prober import StoreProber
from snowlight.runtime import Runtime

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore


def build_reconciler(
    runtime: Runtime,
    settings: StorageSettings,
    repository: Repository,
    stores: "Mapping[str, ObjectStore]",
    prober: StoreProber,
    completion: Completion,
) -> Reconciler:
    """Over all `stores`."""
    metrics = ReconcileMetrics(runtime.registry)
    adopting, comparison = build_comparison(
        runtime, settings, repository, stores, prober, completion, metrics
    )
    return Reconciler(
        ReconcileRows(repository.database),
        stores,
        prober,
        comparison,
        adopting,
        Aside(repository.database, stores, runtime.clock),
        Replaced(PackableRows(repository), DayObjects(stores, cache_bytes=0)),
        runtime.clock,
        metrics,
        period_seconds=settings.reconcile_hours * 3600,
        first_seconds=settings.reconcile_first_seconds,
    )


def build_comparison(
    runtime: Runtime,
    settings: StorageSettings,
    repository: Repository,
    stores: "Mapping[str, ObjectStore]",
    prober: StoreProber,
    completion: Completion,
    metrics: ReconcileMetrics,
) -> tuple[Adopting, Comparison]:
    """What compares one camera-day, and what decides about objects without rows."""
    clock, reached = runtime.clock, runtime.reached
    rows = ReconcileRows(repository.database)
    adopting = Adopting(repository, rows, stores, clock, reached)
    hashing = Hashing(
        FoundHashes(repository.database),
        stores,
        clock,
        metrics,
        bytes_per_second=settings.reconcile_hash_bytes_per_second,
    )
    comparison = Comparison(
        rows,
        stores,
        prober,
        Losing(repository, reached),
        Recovering(repository, stores, prober, clock),
        adopting,
        completion,
        hashing,
        clock,
        metrics,
        grace_seconds=settings.reconcile_grace_seconds,
    )
    return adopting, comparison
