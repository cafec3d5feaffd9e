"""What a worker records with: of each shard that it owns, the epoch in which it took it."""

import asyncio
from collections.abc import Callable, Iterable, KeysView, Mapping

import structlog

from services.ingest.commit import RETRY_SECONDS, Commits
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import Taken
from snowlight.clock import Clock
from snowlight.errors import UnavailableError
from snowlight.shards import shard_of

DUTY_SHARD = 0
"""Whose owner does what one worker of all has to do."""

log = structlog.get_logger(__name__)


class Terms:
    """Epochs by the database's word, and storage told of them."""

    def __init__(
        self,
        repository: ShardRepository,
        commits: Commits,
        worker: str,
        clock: Clock,
        on_raised: Callable[[int, int], None],
    ) -> None:
        """`on_raised` is told of a shard and of its epoch in place of the one in which it was taken."""
        self._repository = repository
        self._commits = commits
        self._worker = worker
        self._clock = clock
        self._on_raised = on_raised
        self._epochs: dict[int, int] = {}
        self._unopened: dict[int, int] = {}
        self._taken = asyncio.Event()
        self._opening = asyncio.Lock()

    @property
    def shards(self) -> KeysView[int]:
        """Those that are owned."""
        return self._epochs.keys()

    def has(self, shard: int) -> bool:
        """Whether a shard is this worker's."""
        return shard in self._epochs

    def owns(self, uid: str) -> bool:
        """Whether a camera is this worker's."""
        return shard_of(uid) in self._epochs

    def epoch_of(self, uid: str) -> int:
        """The epoch that a camera is recorded in. It must be this worker's."""
        return self._epochs[shard_of(uid)]

    def take(self, shards: Iterable[Taken]) -> None:
        """They are owned from now on."""
        for taken in shards:
            self._epochs[taken.shard] = self._unopened[taken.shard] = taken.epoch
        self._taken.set()

    def drop(self, shard: int) -> None:
        """It is owned no more."""
        self._epochs.pop(shard, None)
        self._unopened.pop(shard, None)

    async def open(self) -> None:
        """Have storage know of all epochs, however long storage is away.

        Where storage knows a newer one and the database does not, the database has begun anew: the epoch is
        raised past storage's. Where another worker has the shard by now, this one goes on in its older epoch,
        of which storage takes what overlaps nothing.
        """
        async with self._opening:
            while self._unopened:
                await self._open(dict(self._unopened))

    async def run(self) -> None:
        """Tell storage of what is taken, until cancelled."""
        while True:
            self._taken.clear()
            await self.open()
            await self._taken.wait()

    async def _open(self, epochs: Mapping[int, int]) -> None:
        newest = await self._commits.open_epochs(epochs, self._clock.now_ms())
        raised = await self._outdo(newest, epochs) if newest else {}
        for shard, epoch in epochs.items():
            if self._unopened.get(shard) == epoch:
                del self._unopened[shard]
        for shard, epoch in raised.items():
            if self._epochs.get(shard) == epochs[shard]:
                self._epochs[shard] = self._unopened[shard] = epoch
                self._on_raised(shard, epoch)
        if newest:
            log.warning("epochs.outdone", raised=len(raised), succeeded=len(newest) - len(raised))

    async def _outdo(self, newest: Mapping[int, int], epochs: Mapping[int, int]) -> dict[int, int]:
        while True:
            try:
                return await self._repository.outdo(self._worker, newest, epochs)
            except UnavailableError as error:
                log.warning("epochs.not_raised", reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)
