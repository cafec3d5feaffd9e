"""What a store that runs full drops before its time, in the declared order (docs/retention.md).

Class 3 before class 2 before class 1; of a class, what is not public before what is; of these the oldest
first, to the hour. Nothing younger than its camera's minimum, no public footage under 30 days, nothing held.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from services.storage.holds.active import is_held
from services.storage.index.packed import PackedDay
from services.storage.index.repository import KEY_COLUMNS
from services.storage.retention.expiry import droppable_until, ended_by
from services.storage.retention.lock import lock_deletion
from services.storage.retention.policy import PUBLIC
from services.storage.retention.unpacking import Unpacker
from services.storage.segment import MAX_DURATION_MS
from services.storage.tables import cameras, packed_days, segments
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.steps import Reached

STEP_MS = MAX_DURATION_MS
"""The oldest hour goes at a time. No object is longer, so that each step takes one at least."""
DAYS = 200
DAYS_AT_ONCE = 8
ROWS_AT_ONCE = 500
_IS_ROW = sa.and_(*(column == sa.bindparam(f"its_{column.name}") for column in KEY_COLUMNS))


@dataclass(frozen=True, slots=True)
class Group:
    """Cameras whose footage is dropped together."""

    camera_class: int
    public: bool

    def has_camera(self) -> sa.ColumnElement[bool]:
        """The camera of a row of `cameras` is one of the group."""
        is_public = cameras.c.ownership == PUBLIC
        return sa.and_(cameras.c.camera_class == self.camera_class, is_public if self.public else ~is_public)


ORDER = tuple(Group(camera_class, public) for camera_class in (3, 2, 1) for public in (False, True))


class Dropper:
    """Buries footage before it expires."""

    def __init__(self, database: Database, unpacker: Unpacker, clock: Clock, reached: Reached) -> None:
        self._database = database
        self._unpacker = unpacker
        self._clock = clock
        self._reached = reached

    async def drop(self, store: str, wanted_bytes: int) -> int:
        """Bury at least `wanted_bytes` of `store` if so much may go. Returns how many bytes were buried.

        Raises UnavailableError.
        """
        dropped = 0
        unreadable: set[PackedDay] = set()
        for group in ORDER:
            while dropped < wanted_bytes:
                days = await self._list_days(store, group, unreadable)
                oldest = [ms for ms in (await self._oldest_row(store, group),) if ms is not None]
                oldest += [day.first_ms for day in days[:1]]
                if not oldest:
                    break
                cut_ms = min(oldest) + STEP_MS
                dropped += await self._drop_rows(store, group, cut_ms, wanted_bytes - dropped)
                old = [day for day in days if day.first_ms < cut_ms]
                for at in range(0, len(old), DAYS_AT_ONCE):
                    if dropped >= wanted_bytes:
                        break
                    batch = old[at : at + DAYS_AT_ONCE]
                    buried = await self._unpacker.unpack(batch, droppable_until, cut_ms)
                    dropped += sum(size or 0 for size in buried)
                    unreadable |= {day for day, size in zip(batch, buried, strict=True) if size is None}
        return dropped

    async def _drop_rows(self, store: str, group: Group, cut_ms: int, wanted_bytes: int) -> int:
        dropped = 0
        while dropped < wanted_bytes:
            now_ms = self._clock.now_ms()
            query = (
                sa.select(*KEY_COLUMNS, segments.c.size)
                .join_from(cameras, segments, segments.c.camera_uid == cameras.c.uid)
                .where(*self._droppable(store, group, now_ms), ended_by(sa.literal(cut_ms, sa.BigInteger)))
                .order_by(segments.c.start_ms)
                .limit(ROWS_AT_ONCE)
            )
            self._reached("sweep.bury")
            async with self._database.write() as connection:
                await lock_deletion(connection, now_ms)
                rows = [tuple(row) for row in await connection.execute(query)]
                chosen = _until_enough(rows, wanted_bytes - dropped)
                if chosen:
                    await connection.execute(
                        sa.update(segments).where(_IS_ROW).values(tombstone_ms=now_ms),
                        list(map(_named, chosen)),
                    )
            dropped += sum(row[-1] for row in chosen)
            if len(rows) < ROWS_AT_ONCE:
                break
        return dropped

    async def _oldest_row(self, store: str, group: Group) -> int | None:
        query = (
            sa.select(sa.func.min(segments.c.start_ms))
            .join_from(cameras, segments, segments.c.camera_uid == cameras.c.uid)
            .where(*self._droppable(store, group, self._clock.now_ms()))
        )
        async with self._database.read() as connection:
            oldest: int | None = await connection.scalar(query)
            return oldest

    def _droppable(self, store: str, group: Group, now_ms: int) -> tuple[sa.ColumnElement[bool], ...]:
        return (
            group.has_camera(),
            segments.c.store == store,
            segments.c.tombstone_ms.is_(None),
            ended_by(droppable_until(now_ms)),
            ~is_held(now_ms),
        )

    async def _list_days(self, store: str, group: Group, without: set[PackedDay]) -> list[PackedDay]:
        """The oldest days of which a step at least may be dropped, or all that is left of them."""
        until_ms = droppable_until(self._clock.now_ms())
        query = (
            sa.select(packed_days)
            .join_from(cameras, packed_days, packed_days.c.camera_uid == cameras.c.uid)
            .where(
                group.has_camera(),
                packed_days.c.store == store,
                packed_days.c.objects > 0,
                sa.or_(packed_days.c.first_ms + STEP_MS <= until_ms, packed_days.c.last_ms <= until_ms),
            )
            .order_by(packed_days.c.first_ms)
            .limit(DAYS + len(without))
        )
        async with self._database.read() as connection:
            found = [PackedDay(*row) for row in await connection.execute(query)]
        return [day for day in found if day not in without]


def _until_enough(rows: Sequence[tuple[Any, ...]], wanted_bytes: int) -> list[tuple[Any, ...]]:
    """As few of `rows`, which end with a size, as hold `wanted_bytes`."""
    chosen: list[tuple[Any, ...]] = []
    for row in rows:
        if wanted_bytes <= 0:
            break
        chosen.append(row)
        wanted_bytes -= row[-1]
    return chosen


def _named(row: tuple[Any, ...]) -> dict[str, Any]:
    return {f"its_{column.name}": value for column, value in zip(KEY_COLUMNS, row[:-1], strict=True)}
