"""Which rows may be packed, and the transaction that packs them."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from services.storage.index.packed import PackedDay, insert_packed, switch_packed
from services.storage.index.repository import COLUMNS, Repository, segments_of
from services.storage.segment import DAY_MS, Segment
from services.storage.tables import cameras, packed_days, segments
from snowlight.errors import AbortedError


@dataclass(frozen=True, slots=True)
class PackableDay:
    """A camera-day with rows that may be packed."""

    camera_uid: str
    day: int
    """Days since 1970 UTC."""
    store: str


_packable = sa.and_(
    segments.c.tombstone_ms.is_(None),
    sa.not_(segments.c.doomed),
    # A row made again from an object's key: its fragments are looked up first.
    sa.func.length(segments.c.fragments) > 0,
)


class PackableRows:
    """What the closer asks of the index."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def next_camera(self, after: str, before_ms: int) -> str | None:
        """The next camera in order of uid with rows that start before `before_ms`."""
        query = (
            sa.select(segments.c.camera_uid)
            .where(segments.c.camera_uid > after, segments.c.start_ms < before_ms)
            .order_by(segments.c.camera_uid)
            .limit(1)
        )
        async with self._repository.database.read() as connection:
            found: str | None = await connection.scalar(query)
            return found

    async def list_days(self, camera_uid: str, before_ms: int, now_ms: int) -> list[PackableDay]:
        """Days of the camera with packable rows before `before_ms`.

        A day of which something has expired is left out: what expires are rows.
        """
        kept_days = sa.select(cameras.c.kept_days).where(cameras.c.uid == camera_uid)
        day = segments.c.start_ms // sa.literal(DAY_MS, sa.BigInteger)
        query = (
            sa.select(day.label("day"), segments.c.store)
            .where(segments.c.camera_uid == camera_uid, segments.c.start_ms < before_ms, _packable)
            .distinct()
            .order_by("day", segments.c.store)
        )
        async with self._repository.database.read() as connection:
            kept = await connection.scalar(kept_days)
            found = [PackableDay(camera_uid, *row) for row in await connection.execute(query)]
        return [each for each in found if not kept or each.day * DAY_MS >= now_ms - kept * DAY_MS]

    async def read(self, day: PackableDay) -> tuple[PackedDay | None, list[Segment]]:
        """The day's row, if it was packed before, and its packable rows."""
        begin_ms = day.day * DAY_MS
        packed = sa.select(packed_days).where(
            packed_days.c.camera_uid == day.camera_uid,
            packed_days.c.day == day.day,
            packed_days.c.store == day.store,
        )
        rows = sa.select(*COLUMNS).where(
            segments.c.camera_uid == day.camera_uid,
            segments.c.start_ms >= begin_ms,
            segments.c.start_ms < begin_ms + DAY_MS,
            segments.c.store == day.store,
            _packable,
        )
        async with self._repository.database.read() as connection:
            found = (await connection.execute(packed)).one_or_none()
            return PackedDay(*found) if found else None, segments_of(await connection.execute(rows))

    async def switch(self, before: PackedDay | None, after: PackedDay, rows: Sequence[Segment]) -> None:
        """Let `after` stand for `rows`, and for what `before` stood for, from now on.

        Raises AbortedError when any of them has changed since it was read.
        """
        async with self._repository.database.write() as connection:
            if before is None:
                switched = await insert_packed(connection, after)
            else:
                switched = await switch_packed(connection, before, after)
            gone = await self._repository.delete_live(connection, rows)
            if gone != len(rows) or not switched:
                raise AbortedError("storage.day_changed", f"{after.store}:{after.key} was overtaken")

    async def generations(self, camera_uid: str, store: str) -> dict[int, int]:
        """The current generation of each packed day of the camera in the store."""
        query = sa.select(packed_days.c.day, packed_days.c.generation).where(
            packed_days.c.camera_uid == camera_uid, packed_days.c.store == store
        )
        async with self._repository.database.read() as connection:
            return {row.day: row.generation for row in await connection.execute(query)}
