"""Storage as a service: database, the camera feed, retention, gRPC."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from secrets import token_hex
from zoneinfo import ZoneInfo

from services.storage.cameras.repository import CameraRepository
from services.storage.config import StorageSettings
from services.storage.index.commit import Ledger
from services.storage.index.queries import FootageIndex
from services.storage.index.repository import Repository
from services.storage.index.repository_postgres import PostgresRepository
from services.storage.lease import Lease
from services.storage.ledger.account import CameraDays
from services.storage.ledger.days import IntegrityDays
from services.storage.ledger.keeper import IntegrityKeeper
from services.storage.ledger.report import Reports
from services.storage.retention.deletion import Footage
from services.storage.retention.repository import RetentionRepository
from services.storage.retention.sweeper import Sweeper, SweepMetrics
from services.storage.service.footage import StorageService
from services.storage.service.integrity import IntegrityService
from services.storage.stores.bucket import make_bucket
from snowlight.api.ingest.v1 import camera_pb2_grpc
from snowlight.api.storage.v1 import integrity_pb2_grpc, storage_pb2_grpc
from snowlight.camera_feed import CameraFeed
from snowlight.database import open_database
from snowlight.object_store import open_store
from snowlight.readiness import Readiness
from snowlight.rpc.server import Servicer
from snowlight.runtime import Runtime

MIGRATIONS = Path(__file__).parent / "migrations"


@asynccontextmanager
async def run_storage(runtime: Runtime, settings: StorageSettings) -> AsyncIterator[None]:
    """Serve storage while the context is open. Ingest and the object store may come up later."""
    clock = runtime.clock
    url = settings.database_url or f"sqlite+aiosqlite:///{runtime.cluster.data_dir / 'storage.db'}"
    stores = {settings.store.name: open_store(settings.store, runtime.cluster.data_dir)}
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            open_database(url, service="storage", migrations=MIGRATIONS)
        )
        repository = PostgresRepository(database) if database.is_postgres else Repository(database)
        cameras = CameraRepository(database, clock)
        channel = await stack.enter_async_context(runtime.channel(runtime.cluster.ingest_address))
        feed = CameraFeed(camera_pb2_grpc.CameraRegistryStub(channel), cameras)
        sweeper = Sweeper(
            RetentionRepository(database),
            cameras,
            Footage(stores),
            settings,
            clock,
            SweepMetrics(runtime.registry),
        )
        zone = ZoneInfo(runtime.cluster.time_zone)
        days = IntegrityDays(database)
        computed = CameraDays(database, repository, zone)
        keeper = IntegrityKeeper(days, computed, zone, clock, settings)
        keeping = Lease(database, "integrity", token_hex(8), clock)
        readiness = Readiness(database, clock)
        runtime.health.require("storage.database", lambda: readiness.database_answers)
        runtime.health.require("storage.clock", lambda: readiness.clock_agrees)

        background = await stack.enter_async_context(asyncio.TaskGroup())
        for work in (
            feed.run(),
            sweeper.run(),
            keeping.run(keeper.run),
            readiness.run(),
            make_bucket(settings.store),
        ):
            stack.callback(background.create_task(work).cancel)
        service = StorageService(
            Ledger(repository, clock), FootageIndex(repository, cameras, clock), frozenset(stores)
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
                    "snowlight.api.storage.v1.IntegrityReports",
                    integrity_pb2_grpc.add_IntegrityReportsServicer_to_server,
                    IntegrityService(Reports(cameras, days, computed, zone, clock)),
                ),
            )
        )
        yield
