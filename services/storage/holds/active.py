"""Which footage active holds keep. A hold is active until it is released or expires."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.segment import Segment
from services.storage.spans import Span
from services.storage.tables import holds, segment_end, segments


def is_active(now_ms: int) -> sa.ColumnElement[bool]:
    """The hold of a row of `holds` is active."""
    return sa.and_(
        holds.c.release_ms.is_(None), sa.or_(holds.c.expire_ms.is_(None), holds.c.expire_ms > now_ms)
    )


def is_held(now_ms: int) -> sa.ColumnElement[bool]:
    """An active hold keeps the segment of a row of `segments`."""
    return sa.exists().where(
        holds.c.camera_uid == segments.c.camera_uid,
        holds.c.end_ms > segments.c.start_ms,
        holds.c.start_ms < segment_end,
        is_active(now_ms),
    )


async def list_held(
    connection: AsyncConnection, camera_uids: Collection[str], now_ms: int
) -> dict[str, list[Span]]:
    """Windows of active holds by camera."""
    query = sa.select(holds.c.camera_uid, holds.c.start_ms, holds.c.end_ms)
    query = query.where(holds.c.camera_uid.in_(camera_uids), is_active(now_ms))
    found: dict[str, list[Span]] = {}
    for uid, start_ms, end_ms in await connection.execute(query):
        found.setdefault(uid, []).append(Span(start_ms, end_ms))
    return found


def holds_any(held: Sequence[Span], segment: Segment) -> bool:
    """One of these windows keeps the segment."""
    return any(window.start_ms < segment.end_ms and window.end_ms > segment.start_ms for window in held)
