"""Workers and what they own in the database, SQLite or PostgreSQL alike. Time is the database's."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.shards.drains import AUTOSCALER, DISRUPTION, STOP
from services.ingest.shards.lease import ANSWER_SECONDS, EXPIRY_SECONDS
from services.ingest.shards.rows import LiveWorker, Load, ShardRow, Taken, View, Worker
from services.ingest.shards.tables import drains as _drains
from services.ingest.shards.tables import shards as _shards
from services.ingest.shards.tables import workers as _workers
from snowlight.database import Database
from snowlight.errors import AbortedError
from snowlight.on_conflict import conflict_insert

AWAY_SECONDS = 600.0
"""A worker that went so long ago is not waited for: other zones take its part."""

IDLE = Load()

Choose = Callable[[View], Collection[int]]


class ShardRepository:
    """All calls raise UnavailableError while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def join(self, worker: Worker) -> list[Taken]:
        """Be a worker from now on, in place of an earlier run of the same id, and own again what that owned.

        Where nobody else is alive that is every shard.
        """
        async with self._database.write() as connection:
            await connection.execute(self._join(worker))
            ended = _drains.c.asked_by.in_((STOP, DISRUPTION))  # the pod of before has
            await connection.execute(_drains.delete().where(_drains.c.pod == worker.pod, ended))
            view = await self._lock(connection, worker.id)
            alone = view.live.keys() <= {worker.id}
            own = sa.true() if alone else _shards.c.owner == worker.id
            return await self._take(connection, worker.id, own)

    async def beat(self, worker: Worker, load: Load = IDLE) -> View:
        """Be alive, and look around. Raises AbortedError once another run of the same worker has joined, and
        UnavailableError as well when the database has not answered within `ANSWER_SECONDS`."""
        async with self._database.within(ANSWER_SECONDS), self._database.write() as connection:
            await self._beat(connection, worker, load)
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
        async with self._database.write() as connection:
            live, _ = await self._known(connection)
            busy = [other.id for other in live.values() if other.weight > 0]
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
        async with self._database.ask() as connection:
            live, _ = await self._known(connection)
        return any(other.weight > 0 for other in live.values() if other.id != worker.id)

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
            return [ShardRow(*row) for row in rows], (await self._known(connection))[0]

    async def owns(self, worker: str, shard: int) -> bool:
        """By the database's clock: it owns the shard, and was heard of."""
        query = (
            sa.select(sa.true())
            .join_from(_shards, _workers, _shards.c.owner == _workers.c.id)
            .where(_shards.c.shard == shard, _workers.c.id == worker)
            .where(_workers.c.heartbeat_ms > self._now() - int(EXPIRY_SECONDS * 1000))
        )
        async with self._database.ask() as connection:
            return bool(await connection.scalar(query))

    async def loads(self) -> Mapping[str, Sequence[Load]]:
        """What the workers of each pod have to do, as far as they are alive."""
        told = [_workers.c[field.name] for field in fields(Load)]
        query = (
            sa.select(_workers.c.pod, *told)
            .where(_workers.c.heartbeat_ms > self._now() - int(EXPIRY_SECONDS * 1000), _workers.c.pod != "")
            .order_by(_workers.c.id)
        )
        loads: dict[str, list[Load]] = {}
        async with self._database.ask() as connection:
            for pod, *load in await connection.execute(query):
                loads.setdefault(pod, []).append(Load(*load))
        return loads

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
                .values(heartbeat_ms=0, seen_ms=self._now())
            )

    def _join(self, worker: Worker) -> sa.Executable:
        insert = conflict_insert(self._database.engine, _workers).values(
            id=worker.id,
            run=worker.run,
            address=worker.address,
            weight=worker.weight,
            zone=worker.zone,
            pod=worker.pod,
            stops=worker.stops,
            heartbeat_ms=self._now(),
            seen_ms=self._now(),
            **asdict(IDLE),
        )
        told = ("run", "address", "weight", "zone", "pod", "stops", "heartbeat_ms", "seen_ms")
        return insert.on_conflict_do_update(
            index_elements=[_workers.c.id], set_={name: insert.excluded[name] for name in told}
        )

    async def _beat(self, connection: AsyncConnection, worker: Worker, load: Load | None = None) -> None:
        beaten = await connection.execute(
            _workers.update()
            .where(_workers.c.id == worker.id, _workers.c.run == worker.run)
            .values(
                heartbeat_ms=self._now(),
                seen_ms=self._now(),
                weight=worker.weight,
                zone=worker.zone,
                stops=worker.stops,
                **(asdict(load) if load else {}),
            )
        )
        if not beaten.rowcount:
            raise AbortedError("worker.replaced", f"another run of worker {worker.id} has begun")

    async def _lock(self, connection: AsyncConnection, worker: str) -> View:
        """What is so until the transaction ends (on SQLite every writer is alone). `OwnShards` relies on it
        that all rows are locked."""
        await connection.execute(sa.select(_shards.c.shard).order_by(_shards.c.shard).with_for_update())
        return await self._view(connection, worker)

    async def _view(self, connection: AsyncConnection, worker: str) -> View:
        foreign = sa.or_(_shards.c.owner != worker, _shards.c.successor != "")
        rows = await connection.execute(sa.select(_shards).where(foreign).order_by(_shards.c.shard))
        count = sa.select(sa.func.count()).where(_shards.c.owner == worker)
        owned = int(await connection.scalar(count) or 0)
        live, zones = await self._known(connection)
        return View(live, [ShardRow(*row) for row in rows], owned, zones)

    async def _known(self, connection: AsyncConnection) -> tuple[dict[str, LiveWorker], Mapping[str, float]]:
        """The workers that are alive, and what those of each zone weigh with those that are away."""
        silent = self._now() - _workers.c.heartbeat_ms
        away = self._now() - _workers.c.seen_ms
        rows = await connection.execute(
            sa.select(
                _workers, silent.label("silent_ms"), _drained(), _drained(AUTOSCALER).label("leaves")
            ).where(sa.or_(silent < int(EXPIRY_SECONDS * 1000), away < int(AWAY_SECONDS * 1000)))
        )
        workers = rows.all()
        alive = [row for row in workers if row.silent_ms < EXPIRY_SECONDS * 1000]
        # Where all that could take are to drain, none does: footage goes before.
        heeded = any(row.weight > 0 and not (row.stops or row.drains) for row in alive)
        zones: dict[str, float] = {}
        for row in workers:
            if not row.leaves:
                zones[row.zone] = zones.get(row.zone, 0.0) + row.weight * row.correction
        live = {}
        for row in alive:
            takes = not (row.stops or (heeded and row.drains))
            capacity = row.weight if takes else 0.0
            live[row.id] = LiveWorker(row.id, row.address, capacity, row.correction, row.silent_ms, row.zone)
        return live, zones

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

    def _now(self) -> sa.ColumnElement[int]:
        return now_ms(self._database)


def now_ms(database: Database) -> sa.ColumnElement[int]:
    """The database's clock, ms since 1970 UTC."""
    if database.is_postgres:
        now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    else:
        now = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    return sa.literal_column(now, sa.BigInteger)


def _drained(asked_by: str | None = None) -> sa.ColumnElement[bool]:
    """Somebody has told a worker to drain."""
    asked = sa.select(sa.true()).where(_drains.c.pod == _workers.c.pod, _workers.c.pod != "")
    if asked_by is not None:
        asked = asked.where(_drains.c.asked_by == asked_by)
    return asked.exists().label("drains")


async def _pairs(connection: AsyncConnection, query: sa.Select[Any]) -> dict[Any, Any]:
    return {row[0]: row[1] for row in await connection.execute(query)}
