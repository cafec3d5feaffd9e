"""Ledger rows of objects that were recorded and are no longer in their store."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.catalogue.outbox import GAP, note
from services.storage.index.repository import Repository
from services.storage.segment import LedgerGap, Segment
from services.storage.tables import gaps
from snowlight.api.storage.v1 import stored_pb2

LOST_OBJECT = "lost_object"


async def record_lost(repository: Repository, connection: AsyncConnection, lost: Sequence[Segment]) -> None:
    """A row for each object, so that one which comes back takes back its own."""
    await repository.save_gaps(
        connection,
        [LedgerGap(each.camera_uid, each.start_ms, each.end_ms, LOST_OBJECT) for each in lost],
    )
    await note(connection, GAP, [_kept(each, withdrawn=False) for each in lost])


async def withdraw_lost(connection: AsyncConnection, found: Segment) -> None:
    """The object is there after all."""
    gone = await connection.execute(
        sa.delete(gaps).where(
            gaps.c.camera_uid == found.camera_uid,
            gaps.c.start_ms == found.start_ms,
            gaps.c.end_ms == found.end_ms,
            gaps.c.cause == LOST_OBJECT,
        )
    )
    if gone.rowcount:
        await note(connection, GAP, [_kept(found, withdrawn=True)])


def _kept(segment: Segment, *, withdrawn: bool) -> tuple[str, stored_pb2.KeptGap]:
    return f"{segment.camera_uid}/{segment.start_ms}", stored_pb2.KeptGap(
        camera_uid=segment.camera_uid,
        start_ms=segment.start_ms,
        end_ms=segment.end_ms,
        cause=LOST_OBJECT,
        withdrawn=withdrawn,
    )
