"""A worker's heartbeats, while connections to the database or what there is to do about shards hang."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from services.ingest.shards.lease import Fence
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import Taken, Worker
from snowlight.clock import SystemClock
from snowlight.database import Database, open_database
from tests.parts.migrated import INGEST
from tests.parts.postgres import PostgresServer
from tests.parts.silence import Way
from tests.rpc.ingest.conftest import MIGRATIONS
from tests.rpc.ingest.test_shards import fall_silent
from tests.rpc.ingest.test_taking import keeper_of, terms_of
from tests.waiting import eventually

ONE, TWO = Worker("one", "1", ""), Worker("two", "1", "")
POOL = 6


class CountingFence(Fence):
    """How often a heartbeat has been answered."""

    renewals = 0

    def renew(self, sent: float, *, alone: bool) -> None:
        super().renew(sent, alone=alone)
        self.renewals += 1

    async def renewed(self, more: int = 1) -> None:
        """Wait for so many more answers."""
        awaited = self.renewals + more

        async def is_so() -> bool:
            return self.renewals >= awaited

        await eventually(is_so, 60)


@pytest.fixture
async def database(way: Way, postgres_server: PostgresServer) -> AsyncIterator[Database]:
    name = await INGEST.create_in(postgres_server)
    url = postgres_server.url(name).replace(str(postgres_server.port), str(way.port))
    async with open_database(url, service="ingest", migrations=MIGRATIONS) as database:
        yield database
    await postgres_server.drop_database(name)


@asynccontextmanager
async def keeping(
    database: Database, on_taken: Callable[[Sequence[Taken]], None] | None = None
) -> AsyncIterator[CountingFence]:
    """The worker "one" beats inside."""
    terms, fence = terms_of(database, ONE.id), CountingFence(SystemClock())

    async def take(taken: Sequence[Taken]) -> None:
        if on_taken is not None:
            on_taken(taken)
            await asyncio.Event().wait()
        terms.take(taken)

    running = asyncio.create_task(keeper_of(database, ONE, terms, take, fence).run())
    try:
        yield fence
    finally:
        running.cancel()
        await asyncio.wait([running])


async def ask(database: Database, statement: str) -> None:
    async with database.ask() as connection:
        await connection.execute(sa.text(statement))


async def test_one_heartbeat_is_lost_however_many_connections_fall_silent(
    database: Database, way: Way
) -> None:
    await ShardRepository(database).join(ONE)
    async with keeping(database) as fence:
        await fence.renewed()
        async with asyncio.TaskGroup() as pool:
            for _ in range(POOL):
                pool.create_task(ask(database, "SELECT pg_sleep(0.2)"))
        with capture_logs() as logs:
            way.fall_silent()
            await fence.renewed(2)
        assert [log["reason"] for log in logs if log["event"] == "worker.unheard"] == [
            "database.silent: the database has not answered for 1.5 s"
        ]


async def test_heartbeats_go_on_while_what_was_taken_cannot_be_begun_with(database: Database) -> None:
    shards = ShardRepository(database)
    await shards.join(TWO)
    await shards.join(ONE)
    await fall_silent(database, TWO)
    begun: list[int] = []
    async with keeping(database, lambda taken: begun.append(len(taken))) as fence:
        await fence.renewed(4)
        assert len(begun) >= 3, "it is tried after each"
