"""A worker's place among the others: it tells that it is alive, takes shards that are its own to take, and
gives up those that are others'."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

import structlog

from services.ingest.shards.lease import HEARTBEAT_SECONDS, Fence
from services.ingest.shards.rendezvous import wanted_owner
from services.ingest.shards.repository import LiveWorker, ShardRepository, Taken, View, Worker
from services.ingest.shards.terms import Terms
from snowlight.clock import Clock
from snowlight.errors import AbortedError, FailedPreconditionError, UnavailableError
from snowlight.shards import shard_of

ANSWER_SECONDS = 4.0
"""Longer a heartbeat is not waited for: the next one may be sooner answered."""

OnTaken = Callable[[Sequence[Taken]], Awaitable[None]]
"""Raises UnavailableError when it has to be asked again."""
OnLost = Callable[[Collection[int]], None]

log = structlog.get_logger(__name__)


class ShardKeeper:
    """One for the process."""

    def __init__(
        self,
        repository: ShardRepository,
        worker: Worker,
        terms: Terms,
        fence: Fence,
        clock: Clock,
        on_taken: OnTaken,
        on_lost: OnLost,
    ) -> None:
        """`on_taken` begins to record what was taken, by `terms` too; `on_lost` ends at once what is recorded
        of shards."""
        self._repository = repository
        self._worker = worker
        self._terms = terms
        self._fence = fence
        self._clock = clock
        self._on_taken = on_taken
        self._on_lost = on_lost
        self._taken: dict[int, Taken] = {}  # and not begun with
        self._view: View | None = None
        self._wakes: set[asyncio.Event] = set()

    @contextmanager
    def told(self, wake: asyncio.Event) -> Iterator[None]:
        """Inside, `wake` is set whenever shards or workers may have changed."""
        self._wakes.add(wake)
        try:
            yield
        finally:
            self._wakes.discard(wake)

    def check_owns(self, uid: str) -> None:
        """Raises FailedPreconditionError, which names the owner's address, for another worker's camera, and
        UnavailableError for one that no worker has now."""
        if self._terms.owns(uid):
            return
        owner = self._owner(shard_of(uid))
        if owner is None:
            raise UnavailableError("ingest.unowned", "no worker has this camera yet: try again")
        raise FailedPreconditionError(
            "ingest.wrong_worker", "another worker has this camera", metadata={"owner": owner.address}
        )

    def _owner(self, shard: int) -> LiveWorker | None:
        if self._view is None:
            return None
        row = next((row for row in self._view.foreign if row.shard == shard), None)
        return None if row is None or row.owner == self._worker.id else self._view.live.get(row.owner)

    async def run(self) -> None:
        """Until cancelled. Raises AbortedError once another run of the same worker has begun."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._round()
                if self._taken:
                    await self._on_taken(list(self._taken.values()))
                    self._taken.clear()
                    self._tell()
            except (UnavailableError, TimeoutError) as error:
                log.warning("worker.unheard", reason=str(error) or "the database did not answer in time")
            except AbortedError:
                self._on_lost(list(self._terms.shards))
                raise

    async def _round(self) -> None:
        sent = self._clock.monotonic()
        view = await self._repository.beat(self._worker)
        self._lose({row.shard for row in view.foreign if row.owner != self._worker.id})
        self._fence.renew(sent, alone=view.live.keys() <= {self._worker.id})
        if view != self._view:
            self._view = view
            self._tell()
        if self._choose(view):
            for taken in await self._repository.claim(self._worker, self._choose):
                self._taken[taken.shard] = taken
            log.info("shards.taken", shards=len(self._taken))

    def _tell(self) -> None:
        for wake in self._wakes:
            wake.set()

    def _lose(self, foreign: Collection[int]) -> None:
        for shard in foreign:
            self._taken.pop(shard, None)
        lost = [shard for shard in self._terms.shards if shard in foreign]
        if lost:
            log.warning("shards.lost", shards=len(lost))
            for shard in lost:
                self._terms.drop(shard)
            self._on_lost(lost)

    def _choose(self, view: View) -> Collection[int]:
        """Shards whose owner is gone, and of which all would name this worker."""
        weights = {worker.id: worker.weight for worker in view.live.values()}
        return [
            row.shard
            for row in view.foreign
            if row.owner not in weights and wanted_owner(row.shard, weights) == self._worker.id
        ]
