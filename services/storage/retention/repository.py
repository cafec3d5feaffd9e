"""Which footage may go: tombstones, and rows whose objects are gone."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from services.storage.index.repository import COLUMNS, KEY_COLUMNS, NO_TABLE, key_of, segments_of
from services.storage.segment import Segment
from services.storage.tables import cameras, gaps, segment_end, segments
from snowlight.database import Database

_DAY_MS = 86_400_000


class RetentionRepository:
    """What the sweeper asks of the index."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def bury(self, camera_uids: Collection[str], now_ms: int, limit: int) -> int:
        """Put a tombstone on up to `limit` expired segments: nobody is told of them from now on.

        Returns how many.
        """
        expired = _expired(camera_uids, now_ms, KEY_COLUMNS).where(segments.c.tombstone_ms.is_(None))
        chosen = sa.tuple_(*KEY_COLUMNS).in_(expired.limit(limit))
        async with self._database.write() as connection:
            result = await connection.execute(sa.update(segments).where(chosen).values(tombstone_ms=now_ms))
            return result.rowcount

    async def list_buried(
        self, camera_uids: Collection[str], now_ms: int, before_ms: int, after: Segment | None, limit: int
    ) -> list[Segment]:
        """Expired segments buried at or before `before_ms`, those after `after` in order of key."""
        query = _expired(camera_uids, now_ms, (*COLUMNS[:-1], NO_TABLE))
        query = query.where(segments.c.tombstone_ms <= before_ms)
        if after is not None:
            query = query.where(sa.tuple_(*KEY_COLUMNS) > key_of(after))
        async with self._database.read() as connection:
            return segments_of(await connection.execute(query.order_by(*KEY_COLUMNS).limit(limit)))

    async def forget_segments(self, rows: Sequence[Segment]) -> None:
        """Delete the rows of objects that are gone."""
        if not rows:
            return
        is_row = sa.and_(*(column == sa.bindparam(f"its_{column.name}") for column in KEY_COLUMNS))
        keys = [
            {f"its_{column.name}": value for column, value in zip(KEY_COLUMNS, key_of(row), strict=True)}
            for row in rows
        ]
        async with self._database.write() as connection:
            await connection.execute(sa.delete(segments).where(is_row), keys)

    async def forget_gaps(self, camera_uids: Collection[str], before_ms: int) -> None:
        """Delete ledger rows of gaps that ended before `before_ms`."""
        ended = sa.and_(gaps.c.end_ms > 0, gaps.c.end_ms < before_ms)
        async with self._database.write() as connection:
            await connection.execute(sa.delete(gaps).where(gaps.c.camera_uid.in_(camera_uids), ended))


def _expired(
    camera_uids: Collection[str], now_ms: int, columns: Sequence[sa.ColumnElement[Any]]
) -> sa.Select[Any]:
    """The one query that decides which segments may be deleted: those whose camera's retention is over.

    A camera that storage does not know has no retention, so nothing of it is selected.
    """
    kept_ms = cameras.c.kept_days * sa.literal(_DAY_MS, sa.BigInteger)
    limit_ms = sa.literal(now_ms, sa.BigInteger) - kept_ms
    return (
        sa.select(*columns)
        .join_from(cameras, segments, segments.c.camera_uid == cameras.c.uid)
        .where(
            cameras.c.uid.in_(camera_uids),
            cameras.c.kept_days > 0,
            segments.c.start_ms < limit_ms,  # implied by the next one, and a range of the index
            segment_end <= limit_ms,
        )
    )
