"""What the index has of one camera-day in one store."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from services.storage.index.packed import PackedDay
from services.storage.index.repository import COLUMNS, NO_TABLE
from services.storage.segment import DAY_MS, Segment
from services.storage.tables import cameras, checked_days, found_hashes, packed_days, segments, set_aside
from snowlight.database import Database
from snowlight.on_conflict import conflict_insert


@dataclass(frozen=True, slots=True)
class CameraDay:
    """A UTC day of a camera in a store."""

    camera_uid: str
    day: int
    """Days since 1970 UTC."""
    store: str


@dataclass(frozen=True, slots=True)
class DayRows:
    """Rows of `segments` and the row of the packed day, as of one moment. Without fragment tables."""

    live: tuple[Segment, ...]
    bare: frozenset[str]
    """Keys of those of `live` whose fragment table is not known yet."""
    going: frozenset[str]
    """Keys of those that are buried or being deleted."""
    packed: PackedDay | None

    @property
    def is_empty(self) -> bool:
        """The index has nothing of the day."""
        return not (self.live or self.going or self.packed)


class ReconcileRows:
    """What the reconciler asks of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, of: CameraDay) -> DayRows:
        """What the index has of the day."""
        begin_ms = of.day * DAY_MS
        bare = sa.func.length(segments.c.fragments) == 0
        going = sa.or_(segments.c.tombstone_ms.is_not(None), segments.c.doomed)
        rows = sa.select(*COLUMNS[:-1], NO_TABLE, bare.label("bare"), going.label("going")).where(
            segments.c.camera_uid == of.camera_uid,
            segments.c.start_ms >= begin_ms,
            segments.c.start_ms < begin_ms + DAY_MS,
            segments.c.store == of.store,
        )
        packed = sa.select(packed_days).where(
            packed_days.c.camera_uid == of.camera_uid,
            packed_days.c.day == of.day,
            packed_days.c.store == of.store,
        )
        async with self._database.read() as connection:
            found = [(Segment(*row[:-2]), row) for row in await connection.execute(rows)]
            day = (await connection.execute(packed)).one_or_none()
        return DayRows(
            live=tuple(segment for segment, row in found if not row.going),
            bare=frozenset(str(segment.key) for segment, row in found if row.bare),
            going=frozenset(str(segment.key) for segment, row in found if row.going),
            packed=PackedDay(*day) if day else None,
        )

    async def list_days(self, camera_uid: str) -> set[tuple[str, int]]:
        """Stores and days of which the index has anything of the camera."""
        day = segments.c.start_ms // sa.literal(DAY_MS, sa.BigInteger)
        rows = sa.select(segments.c.store, day).where(segments.c.camera_uid == camera_uid).distinct()
        packed = sa.select(packed_days.c.store, packed_days.c.day).where(
            packed_days.c.camera_uid == camera_uid
        )
        async with self._database.read() as connection:
            return {
                (store, day) for query in (rows, packed) for store, day in await connection.execute(query)
            }

    async def kept_days(self, camera_uid: str) -> int | None:
        """How long the camera's footage is kept; None of a camera that storage does not know."""
        query = sa.select(cameras.c.kept_days).where(cameras.c.uid == camera_uid)
        async with self._database.read() as connection:
            kept: int | None = await connection.scalar(query)
            return kept

    async def list_cameras(self) -> set[str]:
        """All cameras that storage knows, has packed days of, or has checked before."""
        found: set[str] = set()
        async with self._database.read() as connection:
            for column in (cameras.c.uid, packed_days.c.camera_uid, checked_days.c.camera_uid):
                found |= set(await connection.scalars(sa.select(column).distinct()))
        return found

    async def next_with_rows(self, after: str) -> str | None:
        """The next camera in order of uid that has rows."""
        query = sa.select(segments.c.camera_uid).where(segments.c.camera_uid > after)
        async with self._database.read() as connection:
            found: str | None = await connection.scalar(query.order_by(segments.c.camera_uid).limit(1))
            return found

    async def oldest_checks(self) -> dict[str, int]:
        """By camera, when that of its days was checked that was not checked for longest."""
        query = sa.select(checked_days.c.camera_uid, sa.func.min(checked_days.c.checked_ms))
        async with self._database.read() as connection:
            rows = await connection.execute(query.group_by(checked_days.c.camera_uid))
            return {row[0]: int(row[1]) for row in rows}

    async def note_checked(self, of: CameraDay, now_ms: int) -> None:
        """Bucket and index agree about the day, as of now."""
        insert = conflict_insert(self._database.engine, checked_days).values(
            camera_uid=of.camera_uid, day=of.day, store=of.store, checked_ms=now_ms
        )
        async with self._database.write() as connection:
            await connection.execute(
                insert.on_conflict_do_update(
                    index_elements=list(checked_days.primary_key.columns), set_={"checked_ms": now_ms}
                )
            )

    async def forget_checks(self, camera_uid: str, kept: Sequence[tuple[str, int]]) -> None:
        """Of days that are neither in the index nor in a bucket any more; hashes found on them as well."""
        gone = sa.delete(checked_days).where(
            checked_days.c.camera_uid == camera_uid,
            sa.tuple_(checked_days.c.store, checked_days.c.day).not_in(kept) if kept else sa.true(),
        )
        days = sorted({day for _, day in kept})
        day = found_hashes.c.start_ms // sa.literal(DAY_MS, sa.BigInteger)
        unused = sa.delete(found_hashes).where(
            found_hashes.c.camera_uid == camera_uid, day.not_in(days) if days else sa.true()
        )
        async with self._database.write() as connection:
            await connection.execute(gone)
            await connection.execute(unused)

    async def note_aside(self, store: str, key: str, reason: str, now_ms: int) -> bool:
        """An object does not belong into the index. Whether that is news."""
        insert = conflict_insert(self._database.engine, set_aside).values(
            store=store, key=key, reason=reason, found_ms=now_ms
        )
        async with self._database.write() as connection:
            noted = await connection.execute(insert.on_conflict_do_nothing())
            return noted.rowcount == 1
