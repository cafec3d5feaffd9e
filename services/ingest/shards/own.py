"""What is still a worker's own, judged in the transaction that writes about it.

A worker that the database has not heard for a while may have lost shards and not know it yet. What it
commits is judged by epochs in storage; what it writes here, by this.
"""

from collections.abc import Set as AbstractSet

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.shards.rows import Worker
from services.ingest.shards.tables import shards as _shards
from services.ingest.shards.tables import workers as _workers
from snowlight.errors import UnavailableError

IDLE_SECONDS = 2
"""A worker that has died or stands still between `check` and its commit holds up others for so long."""
_FIRST = 0


class OwnShards:
    """Those of one run of a worker, by the database's word."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def shards(self, connection: AsyncConnection) -> AbstractSet[int]:
        """Those that it owns now."""
        query = (
            sa.select(_shards.c.shard)
            .join_from(_shards, _workers, _shards.c.owner == _workers.c.id)
            .where(_workers.c.id == self._worker.id, _workers.c.run == self._worker.run)
        )
        return set((await connection.execute(query)).scalars())

    async def check(self, connection: AsyncConnection, shards: AbstractSet[int]) -> None:
        """That it owns `shards` until the transaction ends, as which this is the last to be done: nobody
        takes any before. Raises UnavailableError where it does not, and the transaction is to be undone.
        """
        if connection.dialect.name == "postgresql":
            bound = f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'"
            await connection.execute(sa.text(bound))
        # Who takes shards locks the rows of all of them, so that a single one holds up that.
        first = sa.select(_shards.c.shard).where(_shards.c.shard == _FIRST)
        await connection.execute(first.with_for_update(read=True))
        if shards - await self.shards(connection):
            raise UnavailableError("worker.shards_lost", "they have been taken meanwhile")
