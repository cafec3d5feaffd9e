"""Storage as a service: database, the camera feed, its duties, gRPC."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from services.storage.assembly import build_storage
from services.storage.clock_witness import ClockWitness
from services.storage.config import StorageSettings
from services.storage.lease import Lease
from snowlight.database import open_database
from snowlight.readiness import Readiness
from snowlight.rpc.balancing import CONNECTION_SECONDS
from snowlight.runtime import Runtime

MIGRATIONS = Path(__file__).parent / "migrations"


@asynccontextmanager
async def run_storage(runtime: Runtime, settings: StorageSettings) -> AsyncIterator[None]:
    """Serve storage while the context is open. Ingest and the object stores may come up later."""
    clock = runtime.clock
    url = settings.database_url or f"sqlite+aiosqlite:///{runtime.cluster.data_dir / 'storage.db'}"
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            open_database(url, service="storage", migrations=MIGRATIONS)
        )
        channel = await stack.enter_async_context(
            runtime.channel(runtime.cluster.ingest_address, balanced=False)
        )
        parts = build_storage(runtime, settings, database, channel)
        readiness = Readiness(database, clock)
        runtime.health.require("storage.database", lambda: readiness.database_answers)
        runtime.health.require("storage.clock", lambda: readiness.clock_agrees)

        holder = uuid.uuid4().hex
        witness = ClockWitness(clock)
        leased = [
            Lease(database, name, holder, clock, witness).run(work) for name, work in parts.duties.items()
        ]
        background = await stack.enter_async_context(asyncio.TaskGroup())
        for work in (readiness.run(), *(each() for each in parts.everywhere), *leased):
            stack.callback(background.create_task(work).cancel)
        await stack.enter_async_context(
            runtime.serve(settings.listen, *parts.servicers, connection_seconds=CONNECTION_SECONDS)
        )
        yield
