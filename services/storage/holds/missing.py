"""What of a window was recorded once and is deleted, or being deleted, already."""

from bisect import bisect_right
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.cameras.camera import CameraRecord
from services.storage.index.packed import list_packed
from services.storage.ledger.gaps import list_gaps
from services.storage.segment import DAY_MS, JOIN_MS, MAX_DURATION_MS
from services.storage.spans import Span, join, join_footage, subtract
from services.storage.tables import deletions, erasures, packed_days, segment_end, segments


async def find_missing(
    connection: AsyncConnection, camera: CameraRecord, window: Span, now_ms: int
) -> list[Span]:
    """Spans of `window`, in order, as the caller's transaction sees the index.

    Nothing tells of footage whose rows are gone. But it is known up to where any was deleted, and which
    windows were erased; and the ledger has a row for whatever was never recorded. So time of these which is
    neither in the index nor in the ledger was deleted.
    """
    around = Span(window.start_ms - JOIN_MS - 1, window.end_ms + JOIN_MS + 1)  # to see how long a hole is
    packed = await list_packed(connection, camera.uid, around.start_ms, around.end_ms)
    rows = await _rows(connection, camera.uid, around, doomed=False)
    there = join_footage([*rows, *(span for day in packed for span in day.footage())])
    known_ms = await _known_until(connection, camera.uid)
    never = join_footage(await _never_recorded(connection, camera.uid, around, known_ms, now_ms))
    ended_ms = camera.deleted_ms if camera.deleted_ms is not None else now_ms
    reached_ms = max(known_ms, await _reached(connection, camera, now_ms))
    erased = await _erased(connection, camera.uid, around)
    could = [Span(camera.created_ms, reached_ms), *erased]
    existed = Span(camera.created_ms, ended_ms).clip(around)
    deletable = join(span for span in (each.clip(existed) for each in could) if not span.is_empty)
    deleted = subtract(subtract(deletable, there), never)
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


async def _known_until(connection: AsyncConnection, uid: str) -> int:
    """Up to where footage of the camera was ever deleted, as far as the index knows; 0 when none was."""
    known = sa.select(deletions.c.until_ms).where(deletions.c.camera_uid == uid)
    return await connection.scalar(known) or 0


async def _erased(connection: AsyncConnection, uid: str, window: Span) -> list[Span]:
    """Windows of erasures that reach into `window`, carried out or not."""
    query = sa.select(erasures.c.start_ms, erasures.c.end_ms).where(
        erasures.c.camera_uid == uid,
        erasures.c.start_ms < window.end_ms,
        erasures.c.end_ms > window.start_ms,
    )
    return [Span(*row) for row in await connection.execute(query)]


async def _reached(connection: AsyncConnection, camera: CameraRecord, now_ms: int) -> int:
    """Up to where footage of the camera may have been deleted though the index knows of none, being rebuilt.

    What is older than the camera's minimum or than its oldest footage. Nothing younger than a day: no policy
    is shorter.
    """
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
    return max(now_ms - camera.minimum_days * DAY_MS, min(oldest_ms, now_ms - DAY_MS))


async def _never_recorded(
    connection: AsyncConnection, uid: str, window: Span, deleted_until_ms: int, now_ms: int
) -> list[Span]:
    """What of `window` the ledger explains."""
    rows = (await list_gaps(connection, [uid], window.start_ms, window.end_ms)).get(uid, [])
    never = [Span(row.start_ms, row.end_ms) for row in rows if row.end_ms]
    opened = [row.start_ms for row in rows if not row.end_ms]
    # Of those that began before the window, the last one says all that any of them can. After one that began
    # before footage which is deleted by now, footage came again: nobody knows any more when.
    telling = opened[max(bisect_right(opened, window.start_ms) - 1, 0) :]
    ends = [
        Span(start_ms, await _came_again(connection, uid, start_ms, now_ms))
        for start_ms in telling
        if deleted_until_ms <= start_ms + JOIN_MS
    ]
    return [*never, *ends]


async def _came_again(connection: AsyncConnection, uid: str, since_ms: int, now_ms: int) -> int:
    """Where an open row of the ledger ends that began at `since_ms`: where footage came again, else now."""
    rows = sa.select(sa.func.min(segments.c.start_ms)).where(
        segments.c.camera_uid == uid,
        segments.c.start_ms > since_ms - MAX_DURATION_MS,
        segment_end > since_ms + JOIN_MS,
    )
    row_ms = await connection.scalar(rows)
    packed = await list_packed(connection, uid, since_ms, now_ms)
    begins = [span.start_ms for day in packed for span in day.footage() if span.end_ms > since_ms + JOIN_MS]
    return max(since_ms, min([*begins, now_ms if row_ms is None else row_ms]))
