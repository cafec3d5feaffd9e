"""Ledger rows of objects that were recorded and are no longer in their store."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.ledger.causes import LOST_OBJECT
from services.storage.ledger.gaps import record_gaps, withdraw
from services.storage.segment import JOIN_MS, LedgerGap
from services.storage.spans import Span, join


async def record_lost(connection: AsyncConnection, camera_uid: str, lost: Iterable[Span]) -> None:
    """Nothing can be played in `lost` any more: a row for each range of it."""
    rows = [LedgerGap(camera_uid, span.start_ms, span.end_ms, LOST_OBJECT) for span in join(lost, JOIN_MS)]
    await record_gaps(connection, rows)


async def withdraw_lost(connection: AsyncConnection, camera_uid: str, found: Span) -> None:
    """The object of `found` is there after all: its time is taken out of the row it lies in."""
    await withdraw(connection, camera_uid, found, LOST_OBJECT)
