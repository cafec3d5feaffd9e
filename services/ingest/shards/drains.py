"""Pods that are told to drain: their workers give away what they own, take nothing, and upload their spools.

Who asks takes it back. A worker that could give to nobody goes on.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from services.ingest.shards.tables import drains, shards, workers
from snowlight.database import Database
from snowlight.on_conflict import conflict_insert

AUTOSCALER = "autoscaler"
"""The pod is not to come back."""
STOP = "stop"
"""The pod is stopped, which waits for it."""
DISRUPTION = "disruption"
"""Kubernetes has said that it will end the pod."""


@dataclass(frozen=True, slots=True)
class Remains:
    """What holds up the drain of a pod."""

    shards: int
    """Owned, or let go of and not taken by anybody."""
    spool_files: int
    """Not uploaded, as last told."""

    def __bool__(self) -> bool:
        return self.shards > 0 or self.spool_files > 0


class DrainRepository:
    """All calls raise UnavailableError while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, pod: str, asked_by: str) -> None:
        """Have the workers of `pod` drain, for as long as this one asks it."""
        async with self._database.write() as connection:
            await connection.execute(
                conflict_insert(self._database.engine, drains)
                .values(pod=pod, asked_by=asked_by)
                .on_conflict_do_nothing()
            )

    async def take_back(self, pods: Collection[str], asked_by: str) -> None:
        """Ask it no more."""
        async with self._database.write() as connection:
            await connection.execute(
                drains.delete().where(drains.c.pod.in_(pods), drains.c.asked_by == asked_by)
            )

    async def asked(self) -> Mapping[str, Collection[str]]:
        """The pods that are to drain, with who asks it."""
        asked: dict[str, set[str]] = {}
        async with self._database.read() as connection:
            for pod, asked_by in await connection.execute(sa.select(drains)):
                asked.setdefault(pod, set()).add(asked_by)
        return asked

    async def remains(self, pod: str) -> Remains:
        """Of all workers that the pod ever had. Nothing for a pod that never had any."""
        named = sa.select(workers.c.id).where(workers.c.pod == pod)
        held = sa.or_(shards.c.owner.in_(named), sa.and_(shards.c.owner == "", shards.c.previous.in_(named)))
        async with self._database.read() as connection:
            owned = await connection.scalar(sa.select(sa.func.count()).where(held))
            files = await connection.scalar(
                sa.select(sa.func.sum(workers.c.spool_files)).where(workers.c.pod == pod)
            )
        return Remains(int(owned or 0), int(files or 0))
