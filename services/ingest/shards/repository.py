"""Workers and what they own in the database, SQLite or PostgreSQL alike. Time is the database's."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.shards.lease import EXPIRY_SECONDS
from services.ingest.shards.rows import LiveWorker, ShardRow, Taken, View, Worker
from snowlight.database import Database
from snowlight.errors import AbortedError

_metadata = sa.MetaData()
_shards = sa.Table(
    "shards",
    _metadata,
    sa.Column("shard", sa.Integer, primary_key=True),
    sa.Column("epoch", sa.BigInteger),
    sa.Column("owner", sa.String),
    sa.Column("previous", sa.String),
    sa.Column("successor", sa.String),
    sa.Column("ready", sa.Boolean),
)
_workers = sa.Table(
    "workers",
    _metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("run", sa.String),
    sa.Column("address", sa.String),
    sa.Column("weight", sa.Double),
    sa.Column("correction", sa.Double),
    sa.Column("heartbeat_ms", sa.BigInteger),
)


Choose = Callable[[View], Collection[int]]


class ShardRepository:
    """All calls raise UnavailableError while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = postgresql.insert if database.is_postgres else sqlite.insert

    async def join(self, worker: Worker) -> list[Taken]:
        """Be a worker from now on, in place of an earlier run of the same id, and own again what that owned.

        Where nobody else is alive that is every shard.
        """
        async with self._database.write() as connection:
            await connection.execute(self._join(worker))
            view = await self._lock(connection, worker.id)
            alone = view.live.keys() <= {worker.id}
            own = sa.true() if alone else _shards.c.owner == worker.id
            return await self._take(connection, worker.id, own)

    async def beat(self, worker: Worker) -> View:
        """Be alive, and look around. Raises AbortedError once another run of the same worker has joined."""
        async with self._database.write() as connection:
            await self._beat(connection, worker)
            return await self._view(connection, worker.id)

    async def claim(self, worker: Worker, choose: Choose) -> list[Taken]:
        """Take the shards that `choose` chooses, at whose choice nobody else takes any. Raises as `beat`."""
        async with self._database.write() as connection:
            await self._beat(connection, worker)
            chosen = choose(await self._lock(connection, worker.id))
            if not chosen:
                return []
            return await self._take(connection, worker.id, _shards.c.shard.in_(chosen))

    async def prepare(self, worker: Worker, shards: Collection[int]) -> list[int]:
        """Be the successor of others' shards, as far as nobody is who is alive and does not stop. Returns
        those of which it is now."""
        alive = sa.and_(_workers.c.heartbeat_ms > self._expired(), _workers.c.weight > 0)
        busy = sa.select(_workers.c.id).where(alive)
        async with self._database.write() as connection:
            rows = await connection.execute(
                _shards.update()
                .where(_shards.c.shard.in_(shards), _shards.c.owner != worker.id)
                .where(_shards.c.successor.not_in(busy))
                .values(successor=worker.id, ready=False)
                .returning(_shards.c.shard)
            )
            return [row.shard for row in rows]

    async def be_ready(self, worker: Worker, shards: Collection[int]) -> None:
        """Nothing is lost if the owners of these end now."""
        async with self._database.write() as connection:
            await connection.execute(
                _shards.update()
                .where(_shards.c.shard.in_(shards), _shards.c.successor == worker.id)
                .values(ready=True)
            )

    async def reclaim(self, worker: Worker, known: Collection[int]) -> list[Taken]:
        """Take again what this worker owns besides `known`: it never heard that it took that. Raises as
        `beat`."""
        async with self._database.write() as connection:
            await self._beat(connection, worker)
            await self._lock(connection, worker.id)
            unknown = sa.and_(_shards.c.owner == worker.id, _shards.c.shard.not_in(known))
            return await self._take(connection, worker.id, unknown)

    async def has_others(self, worker: Worker) -> bool:
        """Another worker is alive that takes shards."""
        query = sa.select(sa.func.count()).where(
            _workers.c.id != worker.id, _workers.c.weight > 0, _workers.c.heartbeat_ms > self._expired()
        )
        async with self._database.ask() as connection:
            return bool(await connection.scalar(query))

    async def release(self, worker: Worker, shards: Collection[int]) -> None:
        """Own these no more; everything about their cameras is written."""
        async with self._database.write() as connection:
            await connection.execute(
                _shards.update()
                .where(_shards.c.shard.in_(shards), _shards.c.owner == worker.id)
                .values(owner="", previous=worker.id)
            )

    async def outdo(
        self, worker: str, newest: Mapping[int, int], epochs: Mapping[int, int]
    ) -> dict[int, int]:
        """For each shard, an epoch newer than `newest` in place of that of `epochs`, as far as it is owned in
        that by `worker` still. Returns the epochs raised, by shard."""
        raised: dict[int, int] = {}
        async with self._database.write() as connection:
            for shard in sorted(newest):
                found = await connection.scalar(
                    _shards.update()
                    .where(_shards.c.shard == shard, _shards.c.epoch == epochs[shard])
                    .where(_shards.c.owner == worker)
                    .values(epoch=newest[shard] + 1)
                    .returning(_shards.c.epoch)
                )
                if found is not None:
                    raised[shard] = int(found)
        return raised

    async def owners(self) -> tuple[list[ShardRow], Mapping[str, LiveWorker]]:
        """All shards, and the workers that are alive."""
        async with self._database.read() as connection:
            rows = await connection.execute(sa.select(_shards).order_by(_shards.c.shard))
            return [ShardRow(*row) for row in rows], await self._live(connection)

    async def correct(self, corrections: Mapping[str, float]) -> None:
        """Correct the workers' weights, by their ids."""
        async with self._database.write() as connection:
            for worker, correction in sorted(corrections.items()):
                await connection.execute(
                    _workers.update().where(_workers.c.id == worker).values(correction=correction)
                )

    async def leave(self, worker: Worker) -> None:
        """Be no worker any more. What it owns still is free for others."""
        async with self._database.write() as connection:
            await connection.execute(
                _workers.update()
                .where(_workers.c.id == worker.id, _workers.c.run == worker.run)
                .values(heartbeat_ms=0)
            )

    def _join(self, worker: Worker) -> sa.Executable:
        insert = self._insert(_workers).values(
            id=worker.id,
            run=worker.run,
            address=worker.address,
            weight=worker.weight,
            heartbeat_ms=self._now(),
        )
        told = ("run", "address", "weight", "heartbeat_ms")
        return insert.on_conflict_do_update(
            index_elements=[_workers.c.id], set_={name: insert.excluded[name] for name in told}
        )

    async def _beat(self, connection: AsyncConnection, worker: Worker) -> None:
        beaten = await connection.execute(
            _workers.update()
            .where(_workers.c.id == worker.id, _workers.c.run == worker.run)
            .values(heartbeat_ms=self._now(), weight=worker.weight)
        )
        if not beaten.rowcount:
            raise AbortedError("worker.replaced", f"another run of worker {worker.id} has begun")

    async def _lock(self, connection: AsyncConnection, worker: str) -> View:
        """What is so until the transaction ends (on SQLite every writer is alone)."""
        await connection.execute(sa.select(_shards.c.shard).order_by(_shards.c.shard).with_for_update())
        return await self._view(connection, worker)

    async def _view(self, connection: AsyncConnection, worker: str) -> View:
        foreign = sa.or_(_shards.c.owner != worker, _shards.c.successor != "")
        rows = await connection.execute(sa.select(_shards).where(foreign).order_by(_shards.c.shard))
        count = sa.select(sa.func.count()).where(_shards.c.owner == worker)
        owned = int(await connection.scalar(count) or 0)
        return View(await self._live(connection), [ShardRow(*row) for row in rows], owned)

    async def _live(self, connection: AsyncConnection) -> dict[str, LiveWorker]:
        silent = self._now() - _workers.c.heartbeat_ms
        told = (_workers.c.id, _workers.c.address, _workers.c.weight, _workers.c.correction)
        query = sa.select(*told, silent)
        rows = await connection.execute(query.where(_workers.c.heartbeat_ms > self._expired()))
        return {row.id: LiveWorker(*row) for row in rows}

    async def _take(
        self, connection: AsyncConnection, worker: str, which: sa.ColumnElement[bool]
    ) -> list[Taken]:
        beats = await _pairs(connection, sa.select(_workers.c.id, _workers.c.heartbeat_ms))
        owners = await _pairs(connection, sa.select(_shards.c.shard, _shards.c.owner).where(which))
        rows = await connection.execute(
            _shards.update()
            .where(which)
            .values(
                epoch=_shards.c.epoch + 1,
                previous=sa.case(
                    (_shards.c.owner.in_((worker, "")), _shards.c.previous), else_=_shards.c.owner
                ),
                owner=worker,
                successor="",
                ready=False,
            )
            .returning(_shards.c.shard, _shards.c.epoch)
        )
        return [Taken(shard, epoch, owners[shard], beats.get(owners[shard], 0)) for shard, epoch in rows]

    def _expired(self) -> sa.ColumnElement[int]:
        return self._now() - int(EXPIRY_SECONDS * 1000)

    def _now(self) -> sa.ColumnElement[int]:
        """Ms since 1970 UTC."""
        if self._database.is_postgres:
            now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
        else:
            now = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
        return sa.literal_column(now, sa.BigInteger)


async def _pairs(connection: AsyncConnection, query: sa.Select[Any]) -> dict[Any, Any]:
    return {row[0]: row[1] for row in await connection.execute(query)}
