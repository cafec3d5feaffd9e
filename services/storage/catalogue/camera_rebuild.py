"""One camera's index in one store, made again from its index objects and the names of its objects."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.catalogue.selection import Taken, choose
from services.storage.index.day_object import Day, DayKey, decode_day
from services.storage.index.packed import PackedDay, insert_packed, row_of
from services.storage.index.repository import KEY_COLUMNS, Repository
from services.storage.ledger.day_rows import reopen
from services.storage.ledger.lost import record_lost
from services.storage.retention.deleted import note_deleted
from services.storage.segment import DAY_MS, LATEST_MS, MAX_DURATION_MS, Segment
from services.storage.spans import Span
from services.storage.stores.objects import list_all, list_chunks, read
from services.storage.tables import cameras, packed_days, segments
from snowlight.clock import Clock
from snowlight.errors import AbortedError, DataLossError
from snowlight.media.fragment import ObjectKey

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

ROWS_AT_ONCE = 2000
ATTEMPTS = 3
NUMBERS_END = 1 << 63
"""No database keeps an epoch or a sequence number from here on."""

log = structlog.get_logger(__name__)


class Told(Protocol):
    """Who is told how far the work is."""

    days: int
    objects: int

    def note_foreign(self, key: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _Known:
    """What the index has of a camera already."""

    packed: list[PackedDay]
    keys: frozenset[ObjectKey]
    spans: list[tuple[int, int]]
    days: frozenset[int]
    """Days of which it has anything in the store that is rebuilt."""
    lost_from_ms: int
    """What ended before may have been deleted in order."""


class CameraRebuild:
    """Rebuilds cameras of one store."""

    def __init__(
        self, repository: Repository, name: str, store: "ObjectStore", clock: Clock, told: Told
    ) -> None:
        self._repository = repository
        self._database = repository.database
        self._name = name
        self._store = store
        self._clock = clock
        self._told = told

    async def run(self, uid: str) -> None:
        """Add to the index what it lacks of the camera's footage in this store.

        Raises AbortedError when its days are being packed all the while.
        """
        for _ in range(ATTEMPTS):
            try:
                await self._add(uid)
            except AbortedError as error:
                log.info("rebuild.overtaken", camera=uid, error=str(error))
            else:
                return
        raise AbortedError("rebuild.overtaken", f"the days of camera {uid} change too fast")

    async def read_day(self, uid: str, day: int) -> tuple[Day, int] | None:
        """The newest index object of a day that can be read, with its generation."""
        return await self._read_newest((await self._list_days(uid)).get(day, []))

    async def add_day(self, day: Day, generation: int, sizes: dict[ObjectKey, int]) -> None:
        """Enter what `day`, an index object, tells, unless the index has anything of that day. `sizes`: of
        its objects that are there."""
        known = await self._known(day.camera_uid)
        if day.day not in known.days:
            await self._add_day(day, generation, sizes, known)

    async def _add(self, uid: str) -> None:
        known = await self._known(uid)
        sizes = await self._list(uid)
        covered: set[ObjectKey] = set()
        for day, generation in await self._read_days(uid, known):
            covered |= await self._add_day(day, generation, sizes, known)
            self._told.days += 1
        known = await self._known(uid)
        taken = Taken()
        taken.add(known.spans)
        loose = choose([key for key in sizes if key not in covered and key not in known.keys], taken)
        for at in range(0, len(loose), ROWS_AT_ONCE):
            rows = [bare_row(key, self._name, sizes[key]) for key in loose[at : at + ROWS_AT_ONCE]]
            async with self._database.write() as connection:
                if await _packed(connection, uid) != known.packed:
                    raise AbortedError("storage.day_changed", "a day was packed meanwhile")
                oldest = min(row.epoch for row in rows)
                await self._repository.expect_successors(connection, oldest, max(row.end_ms for row in rows))
                await self._repository.insert_segments(connection, rows)
                await reopen(connection, [(uid, Span(row.start_ms, row.end_ms)) for row in rows])
            self._told.objects += len(rows)

    async def _known(self, uid: str) -> _Known:
        rows = sa.select(*KEY_COLUMNS, segments.c.store).where(segments.c.camera_uid == uid)
        kept = sa.select(cameras.c.kept_days, cameras.c.minimum_days).where(cameras.c.uid == uid)
        async with self._database.read() as connection:
            hot = [(ObjectKey(*row[:6]), row.store) for row in await connection.execute(rows)]
            days = await _packed(connection, uid)
            camera = (await connection.execute(kept)).one_or_none()
        kept_ms = min(camera) * DAY_MS if camera else self._clock.now_ms()
        return _Known(
            packed=days,
            keys=frozenset(key for key, _ in hot),
            spans=[(key.start_ms, key.end_ms) for key, _ in hot]
            + [(span.start_ms, span.end_ms) for day in days for span in day.footage()],
            days=frozenset(
                [key.start_ms // DAY_MS for key, store in hot if store == self._name]
                + [day.day for day in days if day.store == self._name]
            ),
            lost_from_ms=self._clock.now_ms() - kept_ms,
        )

    async def _list(self, uid: str) -> dict[ObjectKey, int]:
        """Sizes of the camera's objects. What is not named as one is told of."""
        sizes: dict[ObjectKey, int] = {}
        async for chunk in list_chunks(self._store, f"rec/{uid}/"):
            for each in chunk:
                key = parse_key(each.key)
                if key is None or not each.size:
                    self._told.note_foreign(each.key)
                else:
                    sizes[key] = each.size
        return sizes

    async def _read_days(self, uid: str, known: _Known) -> list[tuple[Day, int]]:
        """The newest index object that can be read of each day that the index has nothing of."""
        found = await self._list_days(uid)
        days = [await self._read_newest(found[day]) for day in sorted(found.keys() - known.days)]
        return [day for day in days if day is not None]

    async def _list_days(self, uid: str) -> dict[int, list[DayKey]]:
        """Names of the camera's index objects by day."""
        found: dict[int, list[DayKey]] = defaultdict(list)
        for each in await list_all(self._store, f"idx/{uid}/"):
            try:
                key = DayKey.parse(each.key)
            except ValueError:
                self._told.note_foreign(each.key)
            else:
                found[key.day].append(key)
        return found

    async def _read_newest(self, generations: Iterable[DayKey]) -> tuple[Day, int] | None:
        for key in sorted(generations, key=lambda key: key.generation, reverse=True):
            day = await self._read_day(key)
            if day is not None:
                return day, key.generation
        return None

    async def _read_day(self, key: DayKey) -> Day | None:
        data = await read(self._store, str(key))
        if data is None:
            return None
        try:
            day = decode_day(data, str(key))
        except DataLossError as error:
            log.error("rebuild.index_object", key=str(key), error=str(error))
            self._told.note_foreign(str(key))
            return None
        if (day.camera_uid, day.day, day.store) != (key.camera_uid, key.day, self._name):
            self._told.note_foreign(str(key))
            return None
        return day

    async def _add_day(
        self, day: Day, generation: int, sizes: dict[ObjectKey, int], known: _Known
    ) -> set[ObjectKey]:
        """Enter what an index object tells, as far as its objects are there. Returns their keys.

        What expired of the day has gone since the object was written, from its beginning on: the packed day
        begins behind the last object that is missing. What is left before it becomes rows, what is missing
        though nobody may have deleted it is lost, and the rest was deleted in order.
        """
        told = day.segments()
        there = [sizes.get(segment.key) == segment.size for segment in told]
        cut = len(told)
        while cut and there[cut - 1]:
            cut -= 1
        while 0 < cut < len(told) and told[cut].start_ms == told[cut - 1].start_ms:
            cut += 1
        loose = [segment for segment, is_there in zip(told[:cut], there, strict=False) if is_there]
        missing = [
            Span(segment.start_ms, segment.end_ms)
            for segment, is_there in zip(told[:cut], there, strict=False)
            if not is_there
        ]
        lost = [span for span in missing if span.end_ms > known.lost_from_ms]
        deleted = [span.end_ms for span in missing if span.end_ms <= known.lost_from_ms]
        async with self._database.write() as connection:
            if cut < len(told):
                row = row_of(day, generation, told[cut].start_ms if cut else 0)
                if not await insert_packed(connection, row):
                    return {segment.key for segment in told}
            await self._repository.insert_segments(connection, loose)
            await record_lost(connection, day.camera_uid, lost)
            if deleted:
                await note_deleted(connection, {day.camera_uid: max(deleted)})
            await reopen(connection, [(day.camera_uid, Span(each.start_ms, each.end_ms)) for each in told])
        self._told.objects += len(told) - cut + len(loose)
        return {segment.key for segment, is_there in zip(told, there, strict=True) if is_there}


async def _packed(connection: AsyncConnection, uid: str) -> list[PackedDay]:
    """The camera's packed days in all stores."""
    query = sa.select(packed_days).where(packed_days.c.camera_uid == uid)
    rows = await connection.execute(query.order_by(packed_days.c.day, packed_days.c.store))
    return [PackedDay(*row) for row in rows]


def parse_key(name: str) -> ObjectKey | None:
    """The key that `name` is, as ingest would write it; None for anything else."""
    try:
        key = ObjectKey.parse(name)
    except ValueError:
        return None
    timed = 0 < key.start_ms < LATEST_MS and 0 < key.duration_ms <= MAX_DURATION_MS
    numbered = 0 < key.epoch < NUMBERS_END and key.sequence < NUMBERS_END
    return key if timed and numbered and str(key) == name else None


def bare_row(key: ObjectKey, store: str, size: int) -> Segment:
    """A row of what a key tells. The rest is read from the object when it is asked for."""
    return Segment(
        camera_uid=key.uid,
        start_ms=key.start_ms,
        duration_ms=key.duration_ms,
        epoch=key.epoch,
        sequence=key.sequence,
        init8=key.init8,
        store=store,
        size=size,
        session=0,
        init_size=0,
        codecs="",
        sha256=b"",
        fragments=b"",
    )
