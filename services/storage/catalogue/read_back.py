"""Whether a database has read the catalogue, before which nothing may be deleted on its word."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.tables import feeds
from snowlight.database import Database
from snowlight.errors import UnavailableError
from snowlight.on_conflict import conflict_insert

_NAME = "catalogue"
"""In `feeds`."""

log = structlog.get_logger(__name__)


async def was_read_back(database: Database) -> bool:
    """The database has read the catalogue once, or found that there is none. Raises UnavailableError."""
    query = sa.select(feeds.c.revision).where(feeds.c.name == _NAME)
    async with database.read() as connection:
        return await connection.scalar(query) is not None


async def note_read_back(connection: AsyncConnection) -> None:
    """All of the catalogue is in the database, by the caller's transaction at the latest."""
    done = conflict_insert(connection, feeds).values(name=_NAME, revision=1)
    await connection.execute(done.on_conflict_do_nothing())


class CatalogueGate:
    """Holds back what deletes until holds, policies and cameras are those that there were.

    Without them a database that began anew would keep all footage for the built-in time and hold nothing.
    """

    def __init__(self, database: Database, *, every_seconds: float) -> None:
        self._database = database
        self._every_seconds = every_seconds

    def before(self, work: Callable[[], Awaitable[None]]) -> Callable[[], Coroutine[Any, Any, None]]:
        """`work`, begun once the catalogue was read, whichever process reads it."""

        async def run() -> None:
            await self.wait()
            await work()

        return run

    async def wait(self) -> None:
        """Return once the catalogue was read, however long its store or the database is away."""
        told = False
        while not await self._is_open():
            if not told:
                log.warning("catalogue.awaited")
                told = True
            await asyncio.sleep(self._every_seconds)

    async def _is_open(self) -> bool:
        try:
            return await was_read_back(self._database)
        except UnavailableError:
            return False
