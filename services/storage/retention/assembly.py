"""Puts the sweeper together."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from services.storage.cameras.repository import CameraRepository
from services.storage.config import StorageSettings
from services.storage.index.day_objects import DayObjects
from services.storage.index.repository import Repository
from services.storage.retention.deletion import Footage
from services.storage.retention.dropping import Dropper
from services.storage.retention.metrics import SweepMetrics
from services.storage.retention.pictures import KeptPictures
from services.storage.retention.quota import Quota, QuotaMetrics, capacities
from services.storage.retention.repository import RetentionRepository
from services.storage.retention.store_sweeper import StoreSweeper
from services.storage.retention.sweeper import CheckStore, Sweeper
from services.storage.retention.unpacking import Unpacker
from services.storage.retention.usage import UsageRepository
from snowlight.clock import Clock
from snowlight.steps import Reached

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore


@dataclass(frozen=True, slots=True)
class RetentionParts:
    """What of retention others use."""

    sweeper: Sweeper
    quota: Quota
    pictures: KeptPictures


def build_retention(
    repository: Repository,
    cameras: CameraRepository,
    stores: "Mapping[str, ObjectStore]",
    settings: StorageSettings,
    data_dir: Path,
    clock: Clock,
    registry: CollectorRegistry,
    reached: Reached,
    check: CheckStore,
) -> RetentionParts:
    """`data_dir`: of the embedded default's store. `check`: see Sweeper."""
    database = repository.database
    retention = RetentionRepository(database)
    usage = UsageRepository(database)
    metrics = SweepMetrics(registry)
    described = settings.store.by_name()
    quota = Quota(
        usage,
        {name: capacity for name, capacity in capacities(described, data_dir).items() if name in stores},
        clock,
        QuotaMetrics(registry),
        high_percent=settings.quota_high_percent,
        warn_days=settings.quota_warn_days,
    )
    # What is read for deletion is not read again soon: it is not kept beside what people look at.
    unpacker = Unpacker(repository, DayObjects(stores, cache_bytes=0), clock, reached)
    pictures = KeptPictures(database, stores, clock, grace_seconds=settings.grace_seconds)
    store_sweeper = StoreSweeper(
        retention,
        unpacker,
        Dropper(database, unpacker, clock, reached),
        quota,
        usage,
        Footage(stores),
        pictures,
        settings,
        clock,
        metrics,
        reached,
    )
    sweeper = Sweeper(
        retention,
        cameras,
        quota,
        tuple(stores),
        store_sweeper,
        settings,
        clock,
        metrics,
        reached,
        check,
    )
    return RetentionParts(sweeper, quota, pictures)
