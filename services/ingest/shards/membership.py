"""A worker among the others: who it is there, what is its, and for how long."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from services.ingest.commit import Commits
from services.ingest.shards.lease import Fence
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import Worker
from services.ingest.shards.terms import DUTY_SHARD, Terms
from snowlight.clock import Clock
from snowlight.shards import SHARDS

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Membership:
    """From its start on."""

    worker: Worker
    shards: ShardRepository
    fence: Fence
    terms: Terms
    clock: Clock

    async def renew(self) -> None:
        """Look what is this worker's still, once it could begin to record: nobody waits for one that recovers
        for longer than a lease.

        Raises UnavailableError, and AbortedError once another run of the same worker has begun.
        """
        sent = self.clock.monotonic()
        view = await self.shards.beat(self.worker)
        lost = self.terms.shards & {row.shard for row in view.foreign if row.owner != self.worker.id}
        for shard in lost:
            self.terms.drop(shard)
        self.fence.renew(sent, alone=view.live.keys() <= {self.worker.id})
        if lost:
            log.warning("shards.lost", shards=len(lost))

    @property
    def has_all(self) -> bool:
        """No other worker has any shard."""
        return len(self.terms.shards) == SHARDS

    def has_duty(self) -> bool:
        """What one worker of all has to do is this one's now."""
        return DUTY_SHARD in self.terms.shards and self.fence.is_open


async def join(
    worker: Worker,
    shards: ShardRepository,
    commits: Commits,
    clock: Clock,
    on_raised: Callable[[int, int], None],
) -> Membership:
    """Be one of a database's workers, with the shards that are this one's or nobody's: for one lease.
    `Membership.renew` is to follow, and then a `ShardKeeper`. `on_raised`: as of `Terms`.

    Raises UnavailableError while the database is away.
    """
    fence = Fence(clock)
    terms = Terms(shards, commits, worker.id, clock, on_raised)
    joined_at = clock.monotonic()
    taken = await shards.join(worker)
    fence.renew(joined_at, alone=len(taken) == SHARDS)
    terms.take(taken)
    return Membership(worker, shards, fence, terms, clock)
