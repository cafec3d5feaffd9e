"""Transactions, on both databases."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from services.storage.app import MIGRATIONS
from snowlight.database import Database, open_database
from snowlight.errors import FailedPreconditionError, UnavailableError
from tests.parts.postgres import PostgresServer


async def test_a_cancelled_transaction_holds_no_lock(database_url: str, tmp_path: Path) -> None:
    """Wherever it is cancelled, and though its task and what it failed with are still looked at."""
    insert = (
        "INSERT INTO feeds VALUES ('a', 1) ON CONFLICT (name) DO UPDATE SET revision = 2 RETURNING revision"
    )
    cancelled: list[asyncio.Task[None]] = []
    async with open_database(database_url, service="storage", migrations=MIGRATIONS) as database:

        async def write() -> None:
            async with database.write() as connection:
                await connection.execute(sa.text(insert))

        for turns in range(60):
            task = asyncio.create_task(write())
            for _ in range(turns // 2):
                await asyncio.sleep(0)
            if turns % 2:
                await asyncio.sleep(0.0005)
            task.cancel()
            await asyncio.wait([task])
            cancelled.append(task)
            async with asyncio.timeout(5):
                await write()
    assert any(task.cancelled() for task in cancelled)


async def test_a_database_none_of_whose_connections_comes_free_is_unavailable(database_url: str) -> None:
    engine = create_async_engine(
        database_url, poolclass=sa.AsyncAdaptedQueuePool, pool_size=1, max_overflow=0, pool_timeout=0.01
    )
    database = Database(engine)
    async with database.read():
        with pytest.raises(UnavailableError):
            async with database.read():
                pass
    await engine.dispose()


@pytest.mark.parametrize(
    ("role", "name", "refusal"),
    (
        ("postgres:hush", "nowhere", 'database "nowhere" does not exist'),
        ("nobody:hush", "postgres", 'role "nobody" does not exist'),
    ),
)
async def test_one_that_refuses_who_connects_says_why_without_a_password(
    postgres_server: PostgresServer, role: str, name: str, refusal: str
) -> None:
    url = postgres_server.url(name).replace("postgres@", f"{role}@")
    with pytest.raises(FailedPreconditionError) as raised:
        async with open_database(url, service="storage", migrations=MIGRATIONS):
            pass
    assert str(raised.value) == f"database.refused: the database of storage refuses: {refusal}"
