"""What of a window was recorded once and is deleted, or being deleted, already."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.cameras.camera import CameraRecord
from services.storage.index.packed import list_packed
from services.storage.segment import DAY_MS, JOIN_MS, MAX_DURATION_MS
from services.storage.spans import Span, join_footage, subtract
from services.storage.tables import deletions, gaps, packed_days, segment_end, segments


async def find_missing(
    connection: AsyncConnection, camera: CameraRecord, window: Span, now_ms: int
) -> list[Span]:
    """Spans of `window`, in order, as the caller's transaction sees the index.

    Nothing tells of footage whose rows are gone. But it is known up to where any was deleted, and the ledger
    has a row for whatever was never recorded. So time before that which is neither in the index nor in the
    ledger was deleted.
    """
    around = Span(window.start_ms - JOIN_MS - 1, window.end_ms + JOIN_MS + 1)  # to see how long a hole is
    packed = await list_packed(connection, camera.uid, around.start_ms, around.end_ms)
    rows = await _rows(connection, camera.uid, around, doomed=False)
    there = join_footage([*rows, *(span for day in packed for span in day.footage())])
    never = join_footage(await _never_recorded(connection, camera.uid, around))
    ended_ms = camera.deleted_ms if camera.deleted_ms is not None else now_ms
    deletable = Span(camera.created_ms, min(await _reached(connection, camera, now_ms), ended_ms)).clip(
        around
    )
    deleted = [] if deletable.is_empty else subtract(subtract([deletable], there), never)
    missing = [span for span in deleted if span.end_ms - span.start_ms > JOIN_MS]
    missing += await _rows(connection, camera.uid, window, doomed=True)
    clipped = (span.clip(window) for span in missing)
    return join_footage(span for span in clipped if not span.is_empty)


async def _rows(connection: AsyncConnection, uid: str, window: Span, *, doomed: bool) -> Sequence[Span]:
    query = sa.select(segments.c.start_ms, segment_end).where(
        segments.c.camera_uid == uid,
        segments.c.start_ms > window.start_ms - MAX_DURATION_MS,
        segments.c.start_ms < window.end_ms,
        segment_end > window.start_ms,
        segments.c.doomed == doomed,
    )
    return [Span(*row) for row in await connection.execute(query)]


async def _reached(connection: AsyncConnection, camera: CameraRecord, now_ms: int) -> int:
    """Up to where footage of the camera may have been deleted.

    Where it is known that some was; and, as a rebuilt index does not know, what is older than the
    camera's minimum or than its oldest footage. Nothing younger than a day: no policy is shorter.
    """
    known = await connection.scalar(
        sa.select(deletions.c.until_ms).where(deletions.c.camera_uid == camera.uid)
    )
    oldest = [
        await connection.scalar(
            sa.select(sa.func.min(segments.c.start_ms)).where(
                segments.c.camera_uid == camera.uid, ~segments.c.doomed
            )
        ),
        await connection.scalar(
            sa.select(sa.func.min(packed_days.c.first_ms)).where(
                packed_days.c.camera_uid == camera.uid, packed_days.c.objects > 0
            )
        ),
    ]
    oldest_ms = min((at_ms for at_ms in oldest if at_ms is not None), default=now_ms)
    return max(known or 0, now_ms - camera.minimum_days * DAY_MS, min(oldest_ms, now_ms - DAY_MS))


async def _never_recorded(connection: AsyncConnection, uid: str, window: Span) -> list[Span]:
    query = sa.select(gaps.c.start_ms, gaps.c.end_ms).where(
        gaps.c.camera_uid == uid, gaps.c.start_ms < window.end_ms, gaps.c.end_ms > window.start_ms
    )
    return [Span(*row) for row in await connection.execute(query)]
