"""The rows of the ledger. All functions run in the caller's transaction, and keep what they change beside the
footage (`meta/ledger/`) as well.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.catalogue.outbox import note
from services.storage.ledger.day_rows import reopen
from services.storage.segment import LedgerGap
from services.storage.spans import Span
from services.storage.tables import gaps
from snowlight.api.storage.v1 import stored_pb2
from snowlight.on_conflict import conflict_insert

_FOREVER_MS = (1 << 63) - 1


async def record_gaps(connection: AsyncConnection, rows: Iterable[LedgerGap]) -> None:
    """Insert or renew rows by (camera, start). A gap once closed stays closed."""
    merged = merge_gaps(rows)
    if not merged:
        return
    insert = conflict_insert(connection, gaps)
    ended = sa.case((insert.excluded.end_ms == 0, gaps.c.end_ms), else_=insert.excluded.end_ms)
    statement = insert.on_conflict_do_update(
        index_elements=[gaps.c.camera_uid, gaps.c.start_ms],
        set_={"end_ms": ended, "cause": insert.excluded.cause},
    ).returning(gaps)
    await _write(connection, statement, merged)


async def add_gaps(connection: AsyncConnection, rows: Iterable[LedgerGap]) -> None:
    """Insert rows, but for those that begin where another of the camera does: what is known of it stays."""
    merged = merge_gaps(rows)
    if merged:
        insert = conflict_insert(connection, gaps)
        await _write(connection, insert.on_conflict_do_nothing().returning(gaps), merged)


async def withdraw(connection: AsyncConnection, camera_uid: str, span: Span, cause: str) -> None:
    """Take back that footage is missing in `span` for `cause`: it is there after all.

    Of a row that reaches further the rest stays.
    """
    query = sa.select(gaps).where(
        gaps.c.camera_uid == camera_uid,
        gaps.c.cause == cause,
        gaps.c.start_ms < span.end_ms,
        sa.or_(gaps.c.end_ms == 0, gaps.c.end_ms > span.start_ms),
    )
    taken = [LedgerGap(*row) for row in await connection.execute(query.order_by(gaps.c.start_ms))]
    left = [part for row in taken for part in cut(row, span)]
    starts = {row.start_ms for row in taken}
    await connection.execute(
        sa.delete(gaps).where(gaps.c.camera_uid == camera_uid, gaps.c.start_ms.in_(starts))
    )
    gone = starts - {row.start_ms for row in left}
    await _keep(connection, [row for row in taken if row.start_ms in gone], withdrawn=True)
    await record_gaps(connection, left)
    await reopen(connection, [(camera_uid, span)])


async def list_gaps(
    connection: AsyncConnection, camera_uids: Collection[str], start_ms: int, end_ms: int
) -> dict[str, list[LedgerGap]]:
    """Rows that overlap [start_ms, end_ms), open ones included, by camera, oldest first."""
    query = sa.select(gaps).where(
        gaps.c.camera_uid.in_(camera_uids),
        sa.or_(gaps.c.end_ms == 0, gaps.c.end_ms > start_ms),
        gaps.c.start_ms < end_ms,
    )
    found: dict[str, list[LedgerGap]] = defaultdict(list)
    for row in await connection.execute(query.order_by(gaps.c.start_ms)):
        found[row.camera_uid].append(LedgerGap(*row))
    return found


def merge_gaps(rows: Iterable[LedgerGap]) -> list[LedgerGap]:
    """One row for each (camera, start), as if they had come one after the other."""
    merged: dict[tuple[str, int], LedgerGap] = {}
    for row in rows:
        before = merged.get((row.camera_uid, row.start_ms))
        end_ms = row.end_ms or (before.end_ms if before else 0)
        merged[row.camera_uid, row.start_ms] = replace(row, end_ms=end_ms)
    return [merged[key] for key in sorted(merged)]


def cut(row: LedgerGap, span: Span) -> list[LedgerGap]:
    """What is left of `row` outside of `span`, which it overlaps."""
    left: list[LedgerGap] = []
    if row.start_ms < span.start_ms:
        left.append(replace(row, end_ms=span.start_ms))
    if not row.end_ms or row.end_ms > span.end_ms:
        left.append(replace(row, start_ms=span.end_ms))
    return left


def span_of(row: LedgerGap) -> Span:
    """When the row may hold: one that goes on has no end."""
    return Span(row.start_ms, row.end_ms or _FOREVER_MS)


async def _write(connection: AsyncConnection, statement: sa.Executable, rows: Sequence[LedgerGap]) -> None:
    """Execute `statement`, which returns what it wrote of `rows`."""
    values = [
        {"camera_uid": row.camera_uid, "start_ms": row.start_ms, "end_ms": row.end_ms, "cause": row.cause}
        for row in rows
    ]
    written = [LedgerGap(*row) for row in await connection.execute(statement, values)]
    await _keep(connection, written)
    await reopen(connection, [(row.camera_uid, span_of(row)) for row in written])


async def _keep(connection: AsyncConnection, rows: Sequence[LedgerGap], *, withdrawn: bool = False) -> None:
    bodies = [
        stored_pb2.KeptGap(
            camera_uid=row.camera_uid,
            start_ms=row.start_ms,
            end_ms=row.end_ms,
            cause=row.cause,
            withdrawn=withdrawn,
        )
        for row in rows
    ]
    await note(connection, "gap", [(f"{body.camera_uid}/{body.start_ms}", body) for body in bodies])
