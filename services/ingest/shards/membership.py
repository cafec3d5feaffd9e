"""A worker among the others: who it is there, what is its, and for how long."""

from collections.abc import Callable
from dataclasses import dataclass

from services.ingest.commit import Commits
from services.ingest.shards.lease import Fence
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import Worker
from services.ingest.shards.terms import DUTY_SHARD, Terms
from snowlight.clock import Clock
from snowlight.shards import SHARDS


@dataclass(frozen=True, slots=True)
class Membership:
    """From its start on."""

    worker: Worker
    shards: ShardRepository
    fence: Fence
    terms: Terms

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
    """Be one of a database's workers, with the shards that are this one's or nobody's. `on_raised`: as of
    `Terms`. Raises UnavailableError while the database is away."""
    fence = Fence(clock)
    terms = Terms(shards, commits, worker.id, clock, on_raised)
    joined_at = clock.monotonic()
    taken = await shards.join(worker)
    fence.renew(joined_at, alone=len(taken) == SHARDS)
    terms.take(taken)
    return Membership(worker, shards, fence, terms)
