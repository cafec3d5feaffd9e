"""Ledger rows of objects that were recorded and are no longer in their store."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.catalogue.outbox import GAP, note
from services.storage.index.repository import Repository
from services.storage.segment import LedgerGap
from services.storage.spans import Span
from services.storage.tables import gaps
from snowlight.api.storage.v1 import stored_pb2

LOST_OBJECT = "lost_object"


async def record_lost(
    repository: Repository, connection: AsyncConnection, camera_uid: str, lost: Sequence[Span]
) -> None:
    """A row for each of `lost`, one object's time each, so that one which comes back takes back its own."""
    rows = [LedgerGap(camera_uid, span.start_ms, span.end_ms, LOST_OBJECT) for span in lost]
    await repository.save_gaps(connection, rows)
    await note(connection, GAP, [_kept(camera_uid, span, withdrawn=False) for span in lost])


async def withdraw_lost(connection: AsyncConnection, camera_uid: str, found: Span) -> None:
    """The object is there after all."""
    gone = await connection.execute(
        sa.delete(gaps).where(
            gaps.c.camera_uid == camera_uid,
            gaps.c.start_ms == found.start_ms,
            gaps.c.end_ms == found.end_ms,
            gaps.c.cause == LOST_OBJECT,
        )
    )
    if gone.rowcount:
        await note(connection, GAP, [_kept(camera_uid, found, withdrawn=True)])


def _kept(camera_uid: str, span: Span, *, withdrawn: bool) -> tuple[str, stored_pb2.KeptGap]:
    return f"{camera_uid}/{span.start_ms}", stored_pb2.KeptGap(
        camera_uid=camera_uid,
        start_ms=span.start_ms,
        end_ms=span.end_ms,
        cause=LOST_OBJECT,
        withdrawn=withdrawn,
    )
