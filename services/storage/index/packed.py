"""Packed days: the row that stands for a camera-day whose segments lie in an index object."""

import builtins
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.index.day_object import Day, DayKey
from services.storage.index.day_objects import DayObjects
from services.storage.index.span_codec import decode_spans, encode_spans
from services.storage.segment import DAY_MS, MAX_DURATION_MS, Segment
from services.storage.spans import Span, join_footage
from services.storage.tables import packed_days
from snowlight.errors import DataLossError
from snowlight.on_conflict import conflict_insert

if TYPE_CHECKING:  # it reads packed days itself
    from services.storage.index.repository import Repository


@dataclass(frozen=True, slots=True)
class PackedDay:
    """A row of `packed_days`. What it counts and spans are the objects that it still stands for."""

    camera_uid: str
    day: int
    store: str
    generation: int
    size: int
    """Of the index object, bytes."""
    objects: int
    bytes: int
    first_ms: int
    """Where the first of its objects starts; `kept_from_ms` when none is left."""
    last_ms: int
    """Where the last of its objects ends; `kept_from_ms` when none is left."""
    kept_from_ms: int
    """Objects that start before it are rows of `segments` again, or gone."""
    spans: builtins.bytes

    @property
    def key(self) -> DayKey:
        """The index object's name in the store."""
        return DayKey(self.camera_uid, self.day, self.generation)

    def footage(self) -> list[Span]:
        """What is recorded, joined, in order."""
        return decode_spans(self.spans, self.day * DAY_MS)


def row_of(day: Day, generation: int, kept_from_ms: int = 0) -> PackedDay:
    """The row of an index object, of which objects that start before `kept_from_ms` no longer count."""
    kept_from_ms = max(kept_from_ms, day.day * DAY_MS)
    return _counted(
        PackedDay(day.camera_uid, day.day, day.store, generation, day.size, 0, 0, 0, 0, kept_from_ms, b""),
        day.segments(kept_from_ms, fragments=False),
    )


async def read_day(objects: DayObjects, row: PackedDay) -> Day:
    """The index object of `row`; `day.segments(row.kept_from_ms)` are the row's segments.

    Raises NotFoundError when it is not there: the row may have been switched to another generation since it
    was read. Raises UnavailableError when the store does not answer, DataLossError when the object is damaged
    or another than the row's.
    """
    day = await objects.read(row.store, row.key)
    if day.size != row.size:
        raise DataLossError(
            "storage.index_object_damaged",
            f"{row.store}:{row.key}: it has {day.size} bytes, the index knows {row.size}",
        )
    return day


async def list_packed(
    connection: AsyncConnection, camera_uid: str, start_ms: int, end_ms: int
) -> list[PackedDay]:
    """Packed days of the camera with objects that lie in [start_ms, end_ms) or reach into it, in order."""
    query = (
        sa.select(packed_days)
        .where(
            packed_days.c.camera_uid == camera_uid,
            packed_days.c.day >= (start_ms - MAX_DURATION_MS) // DAY_MS,
            packed_days.c.day <= end_ms // DAY_MS,
            packed_days.c.objects > 0,
            packed_days.c.first_ms < end_ms,
            packed_days.c.last_ms > start_ms,
        )
        .order_by(packed_days.c.day, packed_days.c.store)
    )
    return [PackedDay(*row) for row in await connection.execute(query)]


async def list_packed_and_before(
    connection: AsyncConnection, camera_uid: str, start_ms: int, end_ms: int
) -> list[PackedDay]:
    """`list_packed`, and the last packed day that begins before the range."""
    of_camera = sa.and_(packed_days.c.camera_uid == camera_uid, packed_days.c.objects > 0)
    last = sa.select(sa.func.max(packed_days.c.day)).where(of_camera, packed_days.c.first_ms < start_ms)
    # The day before it may reach over midnight, into the range.
    first = sa.func.coalesce(last.scalar_subquery() - 1, 0)
    query = sa.select(packed_days).where(
        of_camera, packed_days.c.day >= first, packed_days.c.day <= end_ms // DAY_MS
    )
    rows = await connection.execute(query.order_by(packed_days.c.day, packed_days.c.store))
    return [PackedDay(*row) for row in rows]


async def list_packed_of(
    connection: AsyncConnection, camera_uids: Collection[str], first_day: int, last_day: int
) -> list[PackedDay]:
    """Packed days of any of the cameras, from `first_day` to `last_day`."""
    query = sa.select(packed_days).where(
        packed_days.c.camera_uid.in_(camera_uids), packed_days.c.day.between(first_day, last_day)
    )
    return [PackedDay(*row) for row in await connection.execute(query)]


async def insert_packed(connection: AsyncConnection, row: PackedDay) -> bool:
    """Insert `row` unless its camera-day has one. Returns whether it was inserted."""
    inserted = await connection.execute(
        conflict_insert(connection, packed_days).values(asdict(row)).on_conflict_do_nothing()
    )
    return inserted.rowcount == 1


async def switch_packed(connection: AsyncConnection, before: PackedDay, after: PackedDay) -> bool:
    """Put `after` in the place of `before`. Returns whether `before` was still what the index holds."""
    changed = await connection.execute(sa.update(packed_days).where(*_is(before)).values(asdict(after)))
    return changed.rowcount == 1


async def discard_packed(connection: AsyncConnection, row: PackedDay) -> bool:
    """Delete `row`, whose index object is lost: what it stood for is to be found by its keys in the store.

    Returns whether it was still what the index holds.
    """
    gone = await connection.execute(sa.delete(packed_days).where(*_is(row)))
    return gone.rowcount == 1


async def forget_packed(connection: AsyncConnection, row: PackedDay) -> bool:
    """Delete `row`, of which nothing is left. Returns whether it was still what the index holds."""
    nothing_left = packed_days.c.objects == 0
    gone = await connection.execute(sa.delete(packed_days).where(*_is(row), nothing_left))
    return gone.rowcount == 1


async def unpack(
    repository: "Repository",
    connection: AsyncConnection,
    row: PackedDay,
    day: Day,
    *,
    until_ms: int,
    tombstone_ms: int,
    is_held: Callable[[Segment], bool],
) -> PackedDay | None:
    """Make rows again of what of `row` ended at or before `until_ms`, in the caller's transaction.

    They are buried at `tombstone_ms`, except those that `is_held`. `day` is the row's index object. An object
    that starts among them and ends later comes back as a live row. Returns the row as it is now, None when
    the index no longer holds `row` as given. With no objects left delete the index object, and then
    `forget_packed`.
    """
    there = day.segments(row.kept_from_ms)
    ended = [segment.start_ms for segment in there if segment.end_ms <= until_ms]
    if not ended:
        return row
    kept_from_ms = max(ended) + 1
    moved = [segment for segment in there if segment.start_ms < kept_from_ms]
    left = _counted(
        replace(row, kept_from_ms=kept_from_ms),
        [segment for segment in there if segment.start_ms >= kept_from_ms],
    )
    if not await switch_packed(connection, row, left):
        return None
    buried = [segment for segment in moved if segment.end_ms <= until_ms and not is_held(segment)]
    live = [segment for segment in moved if segment.end_ms > until_ms or is_held(segment)]
    await repository.insert_segments(connection, live)
    await repository.insert_segments(connection, buried, tombstone_ms=tombstone_ms)
    return left


def _counted(row: PackedDay, segments: Sequence[Segment]) -> PackedDay:
    spans = join_footage(Span(segment.start_ms, segment.end_ms) for segment in segments)
    return replace(
        row,
        objects=len(segments),
        bytes=sum(segment.size for segment in segments),
        first_ms=spans[0].start_ms if spans else row.kept_from_ms,
        last_ms=spans[-1].end_ms if spans else row.kept_from_ms,
        spans=encode_spans(spans, row.day * DAY_MS),
    )


def _is(row: PackedDay) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        packed_days.c.camera_uid == row.camera_uid,
        packed_days.c.day == row.day,
        packed_days.c.store == row.store,
        packed_days.c.generation == row.generation,
        packed_days.c.kept_from_ms == row.kept_from_ms,
    )
