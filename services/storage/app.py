"""Storage as a service: database, the camera feed, retention, gRPC."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from services.storage.cameras.repository import CameraRepository
from services.storage.config import StorageSettings
from services.storage.holds.repository import HoldRepository
from services.storage.index.commit import Ledger
from services.storage.index.day_objects import DayObjects
from services.storage.index.packable import PackableRows
from services.storage.index.packing import Closer, PackMetrics
from services.storage.index.partitions import PartitionKeeper
from services.storage.index.queries import FootageIndex
from services.storage.index.repository import Repository
from services.storage.index.repository_postgres import PostgresRepository
from services.storage.lease import Lease
from services.storage.retention.assembly import build_retention
from services.storage.retention.policies import PolicyRepository
from services.storage.retention.preview import Preview
from services.storage.service.footage import StorageService
from services.storage.service.holds import HoldService
from services.storage.service.retention import RetentionService
from services.storage.stores.bucket import make_bucket
from services.storage.stores.health import NoneAway
from snowlight.api.ingest.v1 import camera_pb2_grpc
from snowlight.api.storage.v1 import hold_pb2_grpc, retention_pb2_grpc, storage_pb2_grpc
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
    stores = open_stores(settings.store, runtime.cluster.data_dir)
    objects = DayObjects(stores, settings.index_cache_bytes)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            open_database(url, service="storage", migrations=MIGRATIONS)
        )
        repository = PostgresRepository(database) if database.is_postgres else Repository(database)
        health = NoneAway()
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
            runtime.registry,
            runtime.reached,
            health.is_away,
        )
        closer = Closer(
            PackableRows(repository),
            objects,
            health,
            settings,
            clock,
            PackMetrics(runtime.registry),
            runtime.reached,
        )
        holder = uuid.uuid4().hex
        closing = Lease(database, "closer", holder, clock)
        partitions = PartitionKeeper(database, clock)
        keeping = Lease(database, "partitions", holder, clock)
        sweeping = Lease(database, "sweeper", holder, clock)
        readiness = Readiness(database, clock)
        runtime.health.require("storage.database", lambda: readiness.database_answers)
        runtime.health.require("storage.clock", lambda: readiness.clock_agrees)

        background = await stack.enter_async_context(asyncio.TaskGroup())
        for work in (
            feed.run(),
            sweeping.run(retention.sweeper.run),
            closing.run(closer.run),
            keeping.run(partitions.run),
            readiness.run(),
            make_bucket(settings.store),
        ):
            stack.callback(background.create_task(work).cancel)
        service = StorageService(
            Ledger(repository, objects, clock),
            FootageIndex(repository, cameras, objects, health, clock),
            frozenset(stores),
        )
        policies = RetentionService(
            PolicyRepository(database, clock), Preview(database, DayObjects(stores, cache_bytes=0), clock)
        )
        holds = HoldService(
            HoldRepository(database, clock, release_by_second_person=settings.hold_release_by_second_person),
            clock,
            changed=lambda: None,
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
                    "snowlight.api.storage.v1.Retention",
                    retention_pb2_grpc.add_RetentionServicer_to_server,
                    policies,
                ),
                Servicer("snowlight.api.storage.v1.Holds", hold_pb2_grpc.add_HoldsServicer_to_server, holds),
            )
        )
        yield
