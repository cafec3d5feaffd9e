"""Storage as a service: database, the camera feed, retention, gRPC."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from services.storage.cameras.repository import CameraRepository
from services.storage.catalogue.catalogue import build_catalogue
from services.storage.catalogue.completion import Completion
from services.storage.catalogue.rebuild import Rebuild
from services.storage.config import StorageSettings
from services.storage.holds.repository import HoldRepository
from services.storage.index.commit import Ledger
from services.storage.index.day_objects import DayObjects
from services.storage.index.queries import FootageIndex
from services.storage.index.repository import Repository
from services.storage.index.repository_postgres import PostgresRepository
from services.storage.lease import Lease
from services.storage.reconcile.build import build_reconciler
from services.storage.retention.deletion import Footage
from services.storage.retention.repository import RetentionRepository
from services.storage.retention.sweeper import Sweeper, SweepMetrics
from services.storage.service.footage import StorageService
from services.storage.service.stores import StoresService
from services.storage.stores.fill import UsedBytes
from services.storage.stores.prober import StoreProber
from services.storage.stores.registry import RegionStores
from snowlight.api.ingest.v1 import camera_pb2_grpc
from snowlight.api.storage.v1 import storage_pb2_grpc, store_pb2_grpc
from snowlight.camera_feed import CameraFeed
from snowlight.database import open_database
from snowlight.object_store import open_stores
from snowlight.readiness import Readiness
from snowlight.rpc.server import Servicer
from snowlight.runtime import Runtime

MIGRATIONS = Path(__file__).parent / "migrations"


@asynccontextmanager
async def run_storage(runtime: Runtime, settings: StorageSettings) -> AsyncIterator[None]:
    """Serve storage while the context is open. Ingest and the object store may come up later."""
    clock = runtime.clock
    url = settings.database_url or f"sqlite+aiosqlite:///{runtime.cluster.data_dir / 'storage.db'}"
    descriptions = settings.store.by_name()
    stores = open_stores(settings.store, runtime.cluster.data_dir)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            open_database(url, service="storage", migrations=MIGRATIONS)
        )
        repository = PostgresRepository(database) if database.is_postgres else Repository(database)
        cameras = CameraRepository(database, clock)
        channel = await stack.enter_async_context(runtime.channel(runtime.cluster.ingest_address))
        feed = CameraFeed(camera_pb2_grpc.CameraRegistryStub(channel), cameras)
        retention = build_retention(
            repository,
            cameras,
            stores,
            settings,
            runtime.cluster.data_dir,
            clock,
            SweepMetrics(runtime.registry),
        )
        prober = StoreProber(
            stores,
            descriptions,
            database,
            clock,
            runtime.registry,
            probe_seconds=settings.probe_seconds,
        )
        catalogue = build_catalogue(runtime, settings, database, stores[settings.store.name])
        rebuild = Rebuild(repository, stores, prober, catalogue.restore, clock)
        completion = Completion(database, stores)
        reconciler = build_reconciler(runtime, settings, repository, stores, prober, completion)
        closer = Closer(
            PackableRows(repository),
            objects,
            prober,
            settings,
            clock,
            PackMetrics(runtime.registry),
            runtime.reached,
            is_away=lambda _store: False,
        )
        holder = uuid.uuid4().hex
        readiness = Readiness(database, clock)
        runtime.health.require("storage.database", lambda: readiness.database_answers)
        runtime.health.require("storage.clock", lambda: readiness.clock_agrees)

        background = await stack.enter_async_context(asyncio.TaskGroup())
        duties = {
            "closer": closer.run,
            "partitions": PartitionKeeper(database, clock).run,
            "catalogue": catalogue.flusher.run,
            "reconciler": reconciler.run,
        }
        leased = (Lease(database, name, holder, clock).run(work) for name, work in duties.items())
        for work in (feed.run(), sweeper.run(), readiness.run(), prober.run(), *leased):
            stack.callback(background.create_task(work).cancel)
        service = StorageService(
            Ledger(repository, objects, clock),
            FootageIndex(repository, cameras, objects, prober, clock),
            completion,
            frozenset(stores),
        )
        stores_service = StoresService(
            tuple(stores),
            settings.store.name,
            RegionStores(database),
            prober,
            UsedBytes(database, {name: each.capacity_bytes for name, each in descriptions.items()}),
            rebuild,
        )
        await stack.enter_async_context(
            runtime.serve(
                settings.listen,
                Servicer(
                    "snowlight.api.storage.v1.Storage",
                    storage_pb2_grpc.add_StorageServicer_to_server,
                    service,
                ),
                Servicer(
                    "snowlight.api.storage.v1.Stores",
                    store_pb2_grpc.add_StoresServicer_to_server,
                    stores_service,
                ),
            )
        )
        yield
