"""The catalogue put together: what is written beside the footage, and what reads it back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.storage.catalogue.flusher import CatalogueMetrics, Flusher
from services.storage.catalogue.ledger_batches import LedgerBatches
from services.storage.catalogue.restore import Restore
from services.storage.config import StorageSettings
from snowlight.database import Database
from snowlight.runtime import Runtime

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The two ways of the catalogue, in the default store."""

    flusher: Flusher
    restore: Restore


def build_catalogue(
    runtime: Runtime, settings: StorageSettings, database: Database, store: "ObjectStore"
) -> Catalogue:
    """`store`: the default one."""
    ledger = LedgerBatches(store, runtime.clock, runtime.reached)
    restore = Restore(database, store, ledger, runtime.clock)
    flusher = Flusher(
        database,
        store,
        ledger,
        restore,
        runtime.clock,
        runtime.reached,
        CatalogueMetrics(runtime.registry),
        every_seconds=settings.catalogue_seconds,
        ledger_days=settings.ledger_days,
    )
    return Catalogue(flusher, restore)
