"""A worker's place among the others: it tells that it is alive, takes shards that are its own to take, and
gives up those that are others'.

A shard whose owner is alive changes hands by agreement. Who is to have it (`successor`) holds the newest
pictures of its cameras and says so (`ready`); the owner ends, tells the database all it knows and lets go
(`owner` is nobody); the successor takes, and goes on with what it holds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import structlog

from services.ingest.shards.lease import FENCE_SECONDS, HEARTBEAT_SECONDS, WORK_SECONDS, Fence
from services.ingest.shards.outlook import Outlook
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import LiveWorker, Load, ShardRow, Taken, View, Worker
from services.ingest.shards.terms import Terms
from snowlight.clock import Clock
from snowlight.errors import AbortedError, FailedPreconditionError, UnavailableError
from snowlight.shards import shard_of

MOVING_SECONDS = 0.25
"""Between two looks while shards change hands or may have to, and after one that failed, as long as this
worker's lease may be kept."""
MOVED_SECONDS = 5.0
"""So long after the last one that did."""

BEGUN_AT_ONCE = 200
"""Cameras, or one more shard of them: so few that nothing else of this process waits for long."""
UNKNOWN = 28
"""Cameras of a shard while they are not known: as many as it has of a county."""

OnTaken = Callable[[Sequence[Taken]], Awaitable[None]]
"""Raises UnavailableError when it has to be asked again, and has begun nothing then."""
OnLost = Callable[[Collection[int]], None]
OnComing = Callable[[Collection[int]], None]
OnGiven = Callable[[Collection[int]], Awaitable[None]]
"""Raises UnavailableError when it has to be asked again."""

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
        on_given: OnGiven,
        on_lost: OnLost,
        on_coming: OnComing,
        awaited: Callable[[], Collection[int]],
        cameras: Callable[[], Mapping[int, int] | None],
        load: Callable[[], Load],
    ) -> None:
        """`on_taken` begins to record what was taken, by `terms` too; `on_given` ends what is given away and
        has told the database all of it; `on_lost` ends at once what another worker may record already.
        `on_coming` is told each time of all shards that this worker is about to have; `awaited` says for
        which of them it is not prepared yet. `cameras`: how many each shard has, 0 included; None while that
        is not known, and nothing is taken from others then. `load` measures what this worker has to do.
        """
        self._repository = repository
        self._worker = worker
        self._terms = terms
        self._fence = fence
        self._clock = clock
        self._on_taken = on_taken
        self._on_given = on_given
        self._on_lost = on_lost
        self._on_coming = on_coming
        self._awaited = awaited
        self._cameras = cameras
        self._load = load
        self._taken: dict[int, Taken] = {}  # and not begun with
        self._giving: set[int] = set()
        self._moved_at = float("-inf")
        self._heard_at = clock.monotonic()
        self._view: View | None = None
        self._foreign: Mapping[int, ShardRow] = {}
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

    def address_of(self, uid: str) -> str:
        """Where the worker is reached that has a camera, be it this one. Raises UnavailableError while there
        is none, or where it is reached is not told."""
        owner = self._worker if self._terms.owns(uid) else self._owner(shard_of(uid))
        if owner is None or not owner.address:
            raise UnavailableError("ingest.unowned", "no worker has this camera yet: try again")
        return owner.address

    async def run(self) -> None:
        """Until cancelled. Raises AbortedError once another run of the same worker has begun."""
        async with asyncio.TaskGroup() as giving:
            pause = HEARTBEAT_SECONDS
            while True:
                await asyncio.sleep(pause)
                try:
                    await self._round(giving)
                except (UnavailableError, TimeoutError) as error:
                    log.warning("worker.unheard", reason=str(error) or "no time until the next heartbeat")
                    pause = MOVING_SECONDS if self._is_heard else HEARTBEAT_SECONDS
                except AbortedError:
                    self._on_lost(list(self._terms.shards))
                    raise
                else:
                    pause = MOVING_SECONDS if self._moves else HEARTBEAT_SECONDS

    def move_to(self, zone: str) -> None:
        """It is known by now where this worker runs: the next heartbeat tells the others."""
        self._worker = replace(self._worker, zone=zone)

    async def drain(self, seconds: float) -> None:
        """Have other workers take all shards, as far as there are any and time allows."""
        self._worker = replace(self._worker, stops=True)
        try:
            async with asyncio.timeout(seconds):
                while self._is_needed and await self._repository.has_others(self._worker):  # noqa: ASYNC110
                    await asyncio.sleep(MOVING_SECONDS)
        except (UnavailableError, TimeoutError) as error:
            log.warning("shards.kept", shards=len(self._terms.shards), reason=str(error) or "no time left")

    @property
    def _is_needed(self) -> bool:
        """It has shards, or has let go of some that nobody has taken yet."""
        return bool(self._terms.shards) or (
            self._view is not None and Outlook(self._view, self._worker.id).is_needed
        )

    @property
    def _moves(self) -> bool:
        """Shards change hands now, and more may follow."""
        return self._clock.monotonic() - self._moved_at < MOVED_SECONDS

    @property
    def _is_heard(self) -> bool:
        """By its own clock it has its shards still."""
        return self._clock.monotonic() - self._heard_at < FENCE_SECONDS

    async def _round(self, giving: asyncio.TaskGroup) -> None:
        """A heartbeat, and what is to be done by what it shows."""
        sent = self._clock.monotonic()
        view = await self._repository.beat(self._worker, self._load())
        self._lose({row.shard for row in view.foreign if row.owner != self._worker.id})
        self._heard_at = sent
        self._fence.renew(sent, alone=view.live.keys() <= {self._worker.id})
        if view != self._view:
            self._view = view
            self._foreign = {row.shard: row for row in view.foreign}
            self._tell()
        async with asyncio.timeout(WORK_SECONDS):
            await self._act(view, sent, giving)
            await self._begin()

    async def _act(self, view: View, sent: float, giving: asyncio.TaskGroup) -> None:
        outlook = Outlook(view, self._worker.id)
        if outlook.moves:
            self._moved_at = sent
        known = self._terms.shards | self._taken.keys() | self._giving
        if view.owned > len(known):
            for taken in await self._repository.reclaim(self._worker, known):
                self._taken[taken.shard] = taken
        if outlook.orphans():
            for taken in await self._repository.claim(
                self._worker, lambda view: Outlook(view, self._worker.id).orphans()
            ):
                self._taken[taken.shard] = taken
            log.info("shards.taken", shards=len(self._taken))
        prepared: Collection[int] = ()
        cameras = self._cameras()
        if cameras is not None and (wanted := outlook.wanted(cameras)):
            self._moved_at = sent
            prepared = await self._repository.prepare(self._worker, wanted)
        await self._get_ready(outlook, prepared)
        if ready := outlook.asked_for() - self._giving:
            self._giving |= ready
            giving.create_task(self._give(ready))

    async def _get_ready(self, outlook: Outlook, prepared: Collection[int]) -> None:
        """Have the pictures of what is to come held, and say of which shards they are."""
        self._on_coming(outlook.coming() | outlook.feared() | set(prepared) | self._taken.keys())
        unready = outlook.unready() | set(prepared)
        if unready and (ready := unready - set(self._awaited())):
            await self._repository.be_ready(self._worker, ready)

    async def _begin(self) -> None:
        """Record what was taken, some at a time while there is time. What has begun does not begin again."""
        cameras = self._cameras() if self._taken else None
        until = self._clock.monotonic() + WORK_SECONDS / 2
        while self._taken and self._clock.monotonic() < until:
            some = _first(self._taken.values(), cameras)
            await self._on_taken(some)
            for each in some:
                del self._taken[each.shard]
            self._tell()

    async def _give(self, shards: Collection[int]) -> None:
        while True:
            try:
                await self._on_given(shards)
                await self._repository.release(self._worker, shards)
            except UnavailableError as error:
                log.warning("shards.not_given", shards=len(shards), reason=str(error))
                await asyncio.sleep(HEARTBEAT_SECONDS)
            else:
                break
        self._giving -= set(shards)
        log.info("shards.given", shards=len(shards))

    def _lose(self, foreign: Collection[int]) -> None:
        for shard in foreign:
            self._taken.pop(shard, None)
        lost = [shard for shard in self._terms.shards if shard in foreign]
        if lost:
            log.warning("shards.lost", shards=len(lost))
            for shard in lost:
                self._terms.drop(shard)
            self._on_lost(lost)

    def _tell(self) -> None:
        for wake in self._wakes:
            wake.set()

    def _owner(self, shard: int) -> LiveWorker | None:
        """Of another worker's shard."""
        row = self._foreign.get(shard)
        if self._view is None or row is None or row.owner == self._worker.id:
            return None
        return self._view.live.get(row.owner)


def _first(taken: Iterable[Taken], cameras: Mapping[int, int] | None) -> list[Taken]:
    """As many of them as have `BEGUN_AT_ONCE` cameras."""
    some: list[Taken] = []
    room = BEGUN_AT_ONCE
    for each in taken:
        some.append(each)
        room -= UNKNOWN if cameras is None else cameras[each.shard]
        if room <= 0:
            break
    return some
