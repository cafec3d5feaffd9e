"""Objects without rows: taken into the index, or set aside. None is ever deleted."""

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING

import structlog

from services.storage.catalogue.camera_rebuild import parse_key
from services.storage.catalogue.contents import read_contents
from services.storage.catalogue.selection import Taken
from services.storage.index.known_days import list_overlapped
from services.storage.index.repository import Repository, key_of
from services.storage.ledger.lost import withdraw_lost
from services.storage.reconcile.aside import ASIDE
from services.storage.reconcile.rows import ReconcileRows
from services.storage.segment import Segment
from services.storage.spans import Span
from services.storage.stores.objects import Listed, copy, delete, head
from snowlight.clock import Clock
from snowlight.steps import Reached

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

FOREIGN_NAME = "foreign_name"
SUPERSEDED = "superseded"

log = structlog.get_logger(__name__)


class Fate(Enum):
    """What becomes of an object without a row."""

    ADOPTED = "adopted"
    SET_ASIDE = "set_aside"
    LEFT = "left"


class Adopting:
    """Decides about objects that nobody has committed for longer than a spool may take."""

    def __init__(
        self,
        repository: Repository,
        rows: ReconcileRows,
        stores: "Mapping[str, ObjectStore]",
        clock: Clock,
        reached: Reached,
    ) -> None:
        self._repository = repository
        self._rows = rows
        self._stores = stores
        self._clock = clock
        self._reached = reached

    async def decide(self, store: str, found: Listed) -> Fate:
        """Adopt the object when its name and its content agree and its time is nobody else's.

        Raises UnavailableError when the store does not answer.
        """
        key = parse_key(found.key)
        if key is None:
            return await self.note_foreign(store, found.key)
        try:
            contents = await read_contents(self._stores[store], key, found.size)
        except ValueError as error:
            return await self._set_aside(store, found, str(error))
        if contents is None:
            return Fate.LEFT  # it has gone meanwhile
        segment = Segment(
            camera_uid=key.uid,
            start_ms=key.start_ms,
            duration_ms=key.duration_ms,
            epoch=key.epoch,
            sequence=key.sequence,
            init8=key.init8,
            store=store,
            size=found.size,
            session=contents.session,
            init_size=contents.init_size,
            codecs=contents.codecs,
            sha256=b"",
            fragments=contents.fragments,
        )
        if not await self._adopt(segment):
            return await self._set_aside(store, found, SUPERSEDED)
        log.info("reconcile.adopted", store=store, key=found.key)
        return Fate.ADOPTED

    async def note_foreign(self, store: str, key: str) -> Fate:
        """Whoever put it there may need it there, and no name of ours is in its way: it stays where it is."""
        if await self._rows.note_aside(store, key, FOREIGN_NAME, self._clock.now_ms()):
            log.warning("reconcile.foreign", store=store, key=key)
            return Fate.SET_ASIDE
        return Fate.LEFT

    async def _adopt(self, segment: Segment) -> bool:
        """Enter the segment unless another has its time. True also when it is in the index by now."""
        self._reached("reconcile.adopt")
        async with self._repository.database.write() as connection:
            await self._repository.expect_successors(connection, segment.epoch, segment.end_ms)
            near = await self._repository.near(connection, [segment])
            if any(key_of(other) == key_of(segment) for other in near):
                return True
            # After the rows: what a packed day takes over is gone only once the day can be seen.
            days = await list_overlapped(connection, [segment])
            taken = Taken()
            taken.add((other.start_ms, other.end_ms) for other in near)
            taken.add((span.start_ms, span.end_ms) for day in days for span in day.footage())
            if taken.overlaps(segment.start_ms, segment.end_ms):
                return False
            await self._repository.insert_segments(connection, [segment])
            await withdraw_lost(connection, segment.camera_uid, Span(segment.start_ms, segment.end_ms))
        return True

    async def _set_aside(self, store: str, found: Listed, reason: str) -> Fate:
        """Move it out of the footage's way, below `aside/` of its store."""
        there = self._stores[store]
        target = ASIDE + found.key
        if await head(there, target) is not None:  # of an earlier time, or of a pass that was cut short
            target = f"{target}.{self._clock.now_ms()}"
        self._reached("reconcile.set_aside")
        try:
            await copy(there, found.key, target)
        except FileNotFoundError:
            return Fate.LEFT
        await self._rows.note_aside(store, target.removeprefix(ASIDE), reason, self._clock.now_ms())
        await delete(there, [found.key])
        log.warning("reconcile.set_aside", store=store, key=found.key, reason=reason)
        return Fate.SET_ASIDE
