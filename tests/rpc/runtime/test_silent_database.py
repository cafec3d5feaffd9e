"""A PostgreSQL that says nothing more on the connections that there were, as after its node has died."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.storage.app import MIGRATIONS
from snowlight.database import Database, open_database
from snowlight.errors import UnavailableError
from tests.parts.migrated import STORAGE
from tests.parts.postgres import PostgresServer
from tests.parts.silence import Way

BRIEFLY = 0.5
LONG = 60.0
POOL = 6


@pytest.fixture
async def url(way: Way, postgres_server: PostgresServer) -> AsyncIterator[str]:
    name = await STORAGE.create_in(postgres_server)
    yield postgres_server.url(name).replace(str(postgres_server.port), str(way.port))
    await postgres_server.drop_database(name)


async def ask(database: Database, statement: str = "SELECT 1") -> None:
    async with database.ask() as connection:
        await connection.execute(sa.text(statement))


async def fill_pool(database: Database) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(POOL):
            group.create_task(ask(database, "SELECT pg_sleep(0.2)"))


async def test_one_silence_has_all_connections_replaced_those_in_use_too(url: str, way: Way) -> None:
    async with open_database(url, service="storage", migrations=MIGRATIONS) as database:
        await fill_pool(database)
        waiting = asyncio.create_task(ask(database, "SELECT pg_sleep(600)"))
        await asyncio.sleep(0.2)
        way.fall_silent()
        with pytest.raises(UnavailableError, match=r"database\.silent"):
            async with database.within(BRIEFLY):
                await ask(database)
        async with asyncio.timeout(LONG):
            with pytest.raises(UnavailableError, match=r"database\.unavailable"):
                await waiting
            for _ in range(2 * POOL):
                await ask(database)


async def test_a_database_that_is_only_slow_ends_what_it_is_asked(url: str) -> None:
    """Connections are replaced for the first silence, and not for each."""
    async with open_database(url, service="storage", migrations=MIGRATIONS) as database:

        async def be_slow() -> None:
            with pytest.raises(UnavailableError, match=r"database\.silent"):
                async with database.within(BRIEFLY):
                    await ask(database, "SELECT pg_sleep(600)")

        await be_slow()
        slow = asyncio.create_task(ask(database, f"SELECT pg_sleep({4 * BRIEFLY})"))
        await be_slow()
        await be_slow()
        await slow
        async with database.within(LONG):
            await ask(database)


async def test_a_statement_that_is_never_answered_fails_and_the_rest_of_the_pool_is_replaced(
    url: str, way: Way
) -> None:
    async with open_database(url, service="storage", migrations=MIGRATIONS, answer_seconds=1.0) as database:
        await fill_pool(database)
        way.fall_silent()
        with pytest.raises(UnavailableError, match=r"database\.unavailable"):
            await ask(database)
        for _ in range(2 * POOL):
            await ask(database)


async def test_a_migration_may_take_its_time(postgres_url: str) -> None:
    async def migrate(database: Database, service: str, migrations: Path) -> None:
        await ask(database, "SELECT pg_sleep(1)")

    async with open_database(
        postgres_url, service="storage", migrations=MIGRATIONS, migrate=migrate, answer_seconds=BRIEFLY
    ) as database:
        with pytest.raises(UnavailableError):
            await ask(database, "SELECT pg_sleep(600)")
