"""Transactions, on both databases."""

import asyncio
from pathlib import Path

import sqlalchemy as sa

from services.storage.app import MIGRATIONS
from snowlight.database import open_database


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
