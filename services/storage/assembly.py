"""Puts storage's parts together: what it serves, what each process does, and what one of all does."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import grpc

from services.storage.cameras.repository import CameraRepository
from services.storage.catalogue.catalogue import build_catalogue
from services.storage.catalogue.completion import Completion
from services.storage.catalogue.read_back import CatalogueGate
from services.storage.catalogue.rebuild import Rebuild
from services.storage.config import StorageSettings
from services.storage.erasure.assembly import build_erasing
from services.storage.exports.assembly import build_exports
from services.storage.holds.repository import HoldRepository
from services.storage.index.commit import Ledger
from services.storage.index.day_objects import DayObjects
from services.storage.index.packable import PackableRows
from services.storage.index.packing import Closer, PackMetrics
from services.storage.index.partitions import PartitionKeeper
from services.storage.index.queries import FootageIndex
from services.storage.index.repository import Repository
from services.storage.ledger.account import CameraDays
from services.storage.ledger.days import IntegrityDays
from services.storage.ledger.keeper import IntegrityKeeper
from services.storage.ledger.report import Reports
from services.storage.reconcile.build import build_reconciler
from services.storage.retention.assembly import build_retention
from services.storage.retention.policies import PolicyRepository
from services.storage.retention.preview import Preview
from services.storage.service.exports import ExportsService
from services.storage.service.footage import StorageService
from services.storage.service.holds import HoldService
from services.storage.service.integrity import IntegrityService
from services.storage.service.retention import RetentionService
from services.storage.service.stores import StoresService
from services.storage.stores.prober import StoreProber
from services.storage.stores.registry import RegionStores
from snowlight.api.ingest.v1 import camera_pb2_grpc
from snowlight.api.storage.v1 import (
    export_pb2_grpc,
    hold_pb2_grpc,
    integrity_pb2_grpc,
    retention_pb2_grpc,
    storage_pb2_grpc,
    store_pb2_grpc,
)
from snowlight.camera_feed import CameraFeed
from snowlight.database import Database
from snowlight.object_store import open_stores
from snowlight.rpc.server import Servicer
from snowlight.runtime import Runtime

Work = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class StorageParts:
    """What `services.storage.app` runs."""

    servicers: Sequence[Servicer]
    everywhere: Sequence[Work]
    """What every process does, until it is cancelled."""
    duties: Mapping[str, Callable[[], Awaitable[None]]]
    """What one process of all does at a time, by the name of its lease."""


def build_storage(
    runtime: Runtime, settings: StorageSettings, database: Database, ingest: grpc.aio.Channel
) -> StorageParts:
    """Nothing runs yet."""
    clock, data_dir, reached = runtime.clock, runtime.cluster.data_dir, runtime.reached
    zone = ZoneInfo(runtime.cluster.time_zone)
    described, stores = settings.store.by_name(), open_stores(settings.store, data_dir)
    repository = _repository(database)
    cameras = CameraRepository(database, clock)
    objects = DayObjects(stores, settings.index_cache_bytes)
    prober = StoreProber(
        stores, described, database, clock, runtime.registry, probe_seconds=settings.probe_seconds
    )
    footage = FootageIndex(repository, cameras, objects, prober, clock)
    completion = Completion(database, stores)
    catalogue = build_catalogue(runtime, settings, database, stores[settings.store.name])
    gate = CatalogueGate(database, every_seconds=settings.catalogue_seconds)
    retention = build_retention(
        repository, cameras, stores, settings, data_dir, clock, runtime.registry, reached, prober.check
    )
    holds = HoldRepository(database, clock, release_by_second_person=settings.hold_release_by_second_person)
    exporting = build_exports(runtime, settings, database, cameras, holds, footage, stores, prober.is_away)
    erasing = build_erasing(
        repository,
        stores,
        exporting.evidence,
        retention.pictures,
        prober.check,
        clock,
        reached,
        look_seconds=settings.erase_seconds,
    )
    reconciler = build_reconciler(runtime, settings, repository, stores, prober, completion)
    days, computed = IntegrityDays(database), CameraDays(database, repository, zone)
    closer = Closer(
        PackableRows(repository), objects, prober, settings, clock, PackMetrics(runtime.registry), reached
    )
    package = "snowlight.api.storage.v1"
    return StorageParts(
        servicers=(
            Servicer(
                f"{package}.Storage",
                storage_pb2_grpc.add_StorageServicer_to_server,
                StorageService(Ledger(repository, objects, clock), footage, completion, frozenset(stores)),
            ),
            Servicer(
                f"{package}.IntegrityReports",
                integrity_pb2_grpc.add_IntegrityReportsServicer_to_server,
                IntegrityService(Reports(cameras, days, computed, zone, clock)),
            ),
            Servicer(
                f"{package}.Retention",
                retention_pb2_grpc.add_RetentionServicer_to_server,
                RetentionService(
                    PolicyRepository(database, clock),
                    Preview(database, DayObjects(stores, cache_bytes=0), clock),
                    erasing.erasures,
                    clock,
                    erase=erasing.eraser.wake,
                ),
            ),
            Servicer(
                f"{package}.Holds",
                hold_pb2_grpc.add_HoldsServicer_to_server,
                HoldService(
                    holds,
                    clock,
                    changed=catalogue.flusher.wake,
                    check_release=exporting.exports.check_release,
                ),
            ),
            Servicer(
                f"{package}.Exports",
                export_pb2_grpc.add_ExportsServicer_to_server,
                ExportsService(exporting.exports, clock),
            ),
            Servicer(
                f"{package}.Stores",
                store_pb2_grpc.add_StoresServicer_to_server,
                StoresService(
                    tuple(stores),
                    settings.store.name,
                    RegionStores(database),
                    prober,
                    retention.quota,
                    Rebuild(repository, stores, prober, catalogue.restore, clock),
                ),
            ),
        ),
        everywhere=(
            CameraFeed(camera_pb2_grpc.CameraRegistryStub(ingest), cameras).run,
            prober.run,
        ),
        duties={
            "sweeper": gate.before(retention.sweeper.run),
            "closer": closer.run,
            "partitions": PartitionKeeper(database, clock).run,
            "catalogue": catalogue.flusher.run,
            "reconciler": gate.before(reconciler.run),
            "integrity": IntegrityKeeper(days, computed, zone, clock, settings).run,
            "exports": exporting.worker.run,
            "eraser": gate.before(erasing.eraser.run),
        },
    )


def _repository(database: Database) -> Repository:
    if not database.is_postgres:
        return Repository(database)
    from services.storage.index.repository_postgres import PostgresRepository  # asyncpg: not for SQLite

    return PostgresRepository(database)
