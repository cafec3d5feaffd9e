"""Ledger rows of objects that were recorded and are no longer in their store."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.ledger.causes import LOST_OBJECT
from services.storage.ledger.gaps import record_gaps, withdraw
from services.storage.segment import LedgerGap
from services.storage.spans import Span


async def record_lost(connection: AsyncConnection, camera_uid: str, lost: Sequence[Span]) -> None:
    """A row for each of `lost`, one object's time each, so that one which comes back takes back its own."""
    rows = [LedgerGap(camera_uid, span.start_ms, span.end_ms, LOST_OBJECT) for span in lost]
    await record_gaps(connection, rows)


async def withdraw_lost(connection: AsyncConnection, camera_uid: str, found: Span) -> None:
    """The object is there after all."""
    await withdraw(connection, camera_uid, found, LOST_OBJECT)
