"""Looks now and then whether each worker has its share of the bit rate, and corrects their weights."""

import asyncio
from collections.abc import Callable

import structlog

from services.ingest.health.meter import HOUR_MS
from services.ingest.health.repository import HealthRepository
from services.ingest.shards.balance import corrected
from services.ingest.shards.rendezvous import Zones
from services.ingest.shards.repository import ShardRepository
from snowlight.clock import Clock
from snowlight.errors import UnavailableError
from snowlight.shards import SHARDS, shard_of

LOOK_SECONDS = 300.0
"""Cameras that move are measured where they are by then, and their viewers have got over it."""
_MEASURED_MS = 2 * HOUR_MS

log = structlog.get_logger(__name__)


class Balancer:
    """One of all workers has this duty, so that no two correct against each other."""

    def __init__(
        self,
        shards: ShardRepository,
        health: HealthRepository,
        clock: Clock,
        has_duty: Callable[[], bool],
    ) -> None:
        self._shards = shards
        self._health = health
        self._clock = clock
        self._has_duty = has_duty

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                if self._has_duty():
                    await self.look()
            except UnavailableError as error:
                log.warning("shards.not_balanced", reason=str(error))

    async def look(self) -> None:
        """Correct the weights if that is worth it. Raises UnavailableError."""
        rows, live = await self._shards.owners()
        workers = {worker.id: worker for worker in live.values() if worker.capacity > 0}
        if len(workers) < 2 or any(row.owner not in workers or row.successor for row in rows):
            return  # alone, or shards change hands
        loads = [0.0] * SHARDS
        for uid, bits in (await self._health.bit_rates(self._clock.now_ms() - _MEASURED_MS)).items():
            loads[shard_of(uid)] += bits
        capacities = {worker.id: worker.capacity for worker in workers.values()}
        corrections = {worker.id: worker.correction for worker in workers.values()}
        zones = Zones({worker.id: worker.zone for worker in workers.values()})
        better = await asyncio.to_thread(corrected, capacities, corrections, loads, zones)
        if better is not None:
            await self._shards.correct(better)
            log.info("shards.corrected", **{name: round(part, 3) for name, part in better.items()})
