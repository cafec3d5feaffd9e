"""Carries erasures out: rows are doomed at once, without grace, objects deleted, copies in exports deleted.

Each step may be repeated. What cannot be deleted now, the sweeper deletes: it is doomed as what expired is.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog

from services.storage.erasure.copies import ErasedCopies
from services.storage.erasure.erasure import Erasure, ErasureState, state_after
from services.storage.erasure.repository import ErasureRepository, reaches_into
from services.storage.holds.active import holds_any, list_held
from services.storage.index.day_objects import DayObjects
from services.storage.index.packed import PackedDay, list_packed, read_day, unpack
from services.storage.index.repository import Repository
from services.storage.ledger.days import SETTLE_MS
from services.storage.reconcile.aside import Aside
from services.storage.retention.deletion import Footage
from services.storage.retention.lock import lock_deletion
from services.storage.retention.pictures import KeptPictures
from services.storage.retention.repository import Doomed, RetentionRepository
from services.storage.segment import DAY_MS, MAX_DURATION_MS, Segment
from services.storage.spans import Span
from snowlight.clock import Clock
from snowlight.errors import SnowlightError
from snowlight.steps import Reached

LOOK_SECONDS = 5.0
"""Between looks at what is under way."""
WATCHED_MS = 30 * DAY_MS
"""How long footage of an erased window may still come out of a spool."""
BATCH = 1000

log = structlog.get_logger(__name__)


class Eraser:
    """One runs at a time. Should two overlap for a moment, they only repeat each other."""

    def __init__(
        self,
        erasures: ErasureRepository,
        repository: Repository,
        objects: DayObjects,
        footage: Footage,
        copies: ErasedCopies,
        aside: Aside,
        pictures: KeptPictures,
        check: Callable[[str], Awaitable[None]],
        clock: Clock,
        reached: Reached,
        *,
        look_seconds: float,
    ) -> None:
        """`check`: raises SnowlightError when a store does not answer, or is not the one that it was.

        `look_seconds`: between looks at what is held, or is done and may come late.
        """
        self._erasures = erasures
        self._repository = repository
        self._database = repository.database
        self._retention = RetentionRepository(repository.database)
        self._objects = objects
        self._footage = footage
        self._copies = copies
        self._aside = aside
        self._pictures = pictures
        self._check = check
        self._clock = clock
        self._reached = reached
        self._look_ms = int(look_seconds * 1000)
        self._wake = asyncio.Event()
        self._looked_ms: dict[tuple[str, int, int], int] = {}

    def wake(self) -> None:
        """There is a new erasure."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._wake.clear()
            try:
                await self.erase_all()
            except SnowlightError as error:
                log.warning("erasures.failed", error=str(error))
            try:
                async with asyncio.timeout(min(LOOK_SECONDS, self._look_ms / 1000)):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def erase_all(self) -> None:
        """Everything that is due. One that fails holds up no other."""
        now_ms = self._clock.now_ms()
        unfinished = await self._erasures.unfinished(now_ms - WATCHED_MS)
        watched = {_place(each) for each in unfinished}
        self._looked_ms = {place: at for place, at in self._looked_ms.items() if place in watched}
        due = [each for each in unfinished if self._is_due(each, now_ms)]
        for erasure in due:
            try:
                await self._erase(erasure)
            except* SnowlightError as errors:
                error = str(errors.exceptions[0])
                log.warning("erasure.failed", camera_uid=erasure.camera_uid, error=error)
                await self._erasures.note(erasure, error=error)

    def _is_due(self, erasure: Erasure, now_ms: int) -> bool:
        place = _place(erasure)
        if (
            erasure.state is not ErasureState.PENDING
            and now_ms - self._looked_ms.get(place, 0) < self._look_ms
        ):
            return False
        self._looked_ms[place] = now_ms
        return True

    async def _erase(self, erasure: Erasure) -> None:
        packed, unreached = await self._list_packed(erasure)
        packed_held = sum([await self._unpack_day(erasure, day) for day in packed])
        while doomed := await self._doom(erasure):
            await self._delete(doomed)
        held_by: list[str] = []
        if erasure.state is not ErasureState.DONE:  # what comes late comes as rows
            await self._erase_aside(erasure)
            held_by += await self._copies.erase(erasure)
        await self._erase_pictures(erasure)
        now_ms = self._clock.now_ms()
        rows, rows_held = await self._erasures.remaining(erasure, now_ms)
        held = rows_held + packed_held
        remaining = rows + packed_held + sum(day.objects for day in unreached)
        error = await self._unnamed(erasure, unreached)
        if held:
            held_by += await self._erasures.holding(
                erasure.camera_uid, erasure.start_ms, erasure.end_ms, now_ms
            )
        is_over = now_ms >= erasure.end_ms + SETTLE_MS  # until then its last minute may be in a spool
        state = state_after(remaining, held, held_by) if is_over else ErasureState.PENDING
        before = (erasure.state, erasure.held_by, erasure.remaining_objects, erasure.error)
        if (state, tuple(held_by), remaining, error) != before:
            log.info(
                "erasure.at", camera_uid=erasure.camera_uid, state=str(state), held_by=held_by, error=error
            )
        await self._erasures.note(
            erasure, state=str(state), held_by=held_by, remaining_objects=remaining, error=error
        )

    async def _erase_aside(self, erasure: Erasure) -> None:
        for store in self._footage.names:
            await self._check(store)
            await self._aside.erase(store, erasure.camera_uid, Span(erasure.start_ms, erasure.end_ms))

    async def _erase_pictures(self, erasure: Erasure) -> None:
        """Also of what is held: they are copies of it. A gateway that was making one may put it there after
        the rows are gone, so that they are looked for at every look."""
        for store in self._footage.names:
            await self._check(store)
            await self._pictures.erase(store, erasure.camera_uid, Span(erasure.start_ms, erasure.end_ms))

    async def _doom(self, erasure: Erasure) -> list[tuple[str, Doomed]]:
        self._reached("erasure.doom")
        return await self._retention.doom_where(reaches_into(erasure), self._clock.now_ms(), BATCH)

    async def _delete(self, doomed: Sequence[tuple[str, Doomed]]) -> None:
        by_store: defaultdict[str, list[Doomed]] = defaultdict(list)
        for store, each in doomed:
            by_store[store].append(each)
        for store, there in by_store.items():
            if store not in self._footage.names:
                continue  # doomed it stays, and the sweeper has it once a setting names its store again
            await self._check(store)
            self._reached("erasure.delete")
            await self._retention.forget(await self._footage.delete(store, there))

    async def _unnamed(self, erasure: Erasure, unreached: Sequence[PackedDay]) -> str:
        """Which stores have some of what is to go, and no setting names them; empty where none has."""
        stores = await self._erasures.stores_of_doomed(erasure) | {day.store for day in unreached}
        unnamed = ", ".join(sorted(stores.difference(self._footage.names)))
        return f"store.unknown: no setting names {unnamed}, where some of it lies" if unnamed else ""

    async def _list_packed(self, erasure: Erasure) -> tuple[list[PackedDay], list[PackedDay]]:
        """Packed days with footage of the window, and those of stores that no setting names."""
        async with self._database.read() as connection:
            days = await list_packed(connection, erasure.camera_uid, erasure.start_ms, erasure.end_ms)
        window = Span(erasure.start_ms, erasure.end_ms)
        unreached = [day for day in days if day.store not in self._footage.names]
        return (
            [day for day in days if day not in unreached],
            [day for day in unreached if not all(span.clip(window).is_empty for span in day.footage())],
        )

    async def _unpack_day(self, erasure: Erasure, row: PackedDay) -> int:
        """Make rows of packed footage that is to go. Returns how much stays packed, since it is held."""
        day = await read_day(self._objects, row)
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            await lock_deletion(connection, now_ms)
            held = (await list_held(connection, [row.camera_uid], now_ms)).get(row.camera_uid, [])
            is_held = partial(holds_any, held)
            inside = [
                segment
                for segment in day.segments(row.kept_from_ms, fragments=False)
                if segment.start_ms < erasure.end_ms and segment.end_ms > erasure.start_ms
            ]
            if all(map(is_held, inside)):
                return len(inside)
            await unpack(
                self._repository,
                connection,
                row,
                day,
                until_ms=erasure.end_ms + MAX_DURATION_MS,
                tombstone_ms=now_ms,
                is_held=_stays_a_row,
            )
        return 0


def _stays_a_row(_segment: Segment) -> bool:
    """What is unpacked is live until it is doomed: of a day, more may be unpacked than is to go."""
    return True


def _place(erasure: Erasure) -> tuple[str, int, int]:
    return erasure.camera_uid, erasure.start_ms, erasure.end_ms
