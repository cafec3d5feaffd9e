"""A test's own view of database and bucket, which shares nothing with the services' code but the tables."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from services.storage.app import MIGRATIONS
from services.storage.tables import metadata
from snowlight.database import Database, open_database
from snowlight.object_store import open_stores

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from obstore.store import ObjectStore

    from tests.rpc.storage.conftest import Cluster
    from tests.rpc.storage.objects import Footage


def opened(cluster: Cluster, name: str = "default") -> ObjectStore:
    return open_stores(cluster.store, cluster.data_dir)[name]


async def put(cluster: Cluster, *objects: Footage) -> None:
    """As ingest does, each where its segment says."""
    for each in objects:
        await obstore.put_async(opened(cluster, each.segment.store), each.key, each.data)


def keys(cluster: Cluster, prefix: str, store: str = "default") -> set[str]:
    return {meta["path"] for batch in obstore.list(opened(cluster, store), prefix) for meta in batch}


@asynccontextmanager
async def database(cluster: Cluster) -> AsyncIterator[Database]:
    async with open_database(cluster.database_url, service="storage", migrations=MIGRATIONS) as opened:
        yield opened


async def rows(cluster: Cluster, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """All rows of a table, in order. Waits for no writer: opening as storage does would."""
    found = metadata.tables[table]
    chosen = [found.c[name] for name in columns] if columns else list(found.c)
    engine = create_async_engine(cluster.database_url)
    try:
        async with engine.connect() as connection:
            return sorted((tuple(row) for row in await connection.execute(sa.select(*chosen))), key=repr)
    finally:
        await engine.dispose()


async def insert(cluster: Cluster, table: str, *values: dict[str, Any]) -> None:
    async with database(cluster) as there, there.write() as connection:
        await connection.execute(sa.insert(metadata.tables[table]), list(values))


async def is_flushed(cluster: Cluster) -> bool:
    """All changes are in the bucket."""
    return not await rows(cluster, "outbox", "id")


async def lose_database(cluster: Cluster) -> None:
    """Everything in it; the process that used it is stopped."""
    url = make_url(cluster.database_url)
    if url.get_backend_name() == "sqlite":
        assert url.database
        for path in Path(url.database).parent.glob(Path(url.database).name + "*"):
            path.unlink()
        return
    async with database(cluster) as there, there.write() as connection:
        await connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        await connection.execute(sa.text("CREATE SCHEMA public"))
