"""Ledger rows of footage that was recorded and gave way to that of another writer."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.ledger.gaps import add_gaps
from services.storage.segment import JOIN_MS, LedgerGap, Segment
from services.storage.spans import Span, join, subtract

CAUSE = "ingest_restart"


async def record_refused(
    connection: AsyncConnection, refused: Iterable[Segment], kept: Iterable[Segment]
) -> None:
    """A row for the time of each of `refused` that none of `kept` has: an object is refused whole."""
    left = _spans(refused)
    if not left:
        return
    there = _spans(kept)
    rows = [
        LedgerGap(uid, span.start_ms, span.end_ms, CAUSE)
        for uid, spans in left.items()
        for span in subtract(join(spans), join(there[uid]))
        if span.length_ms > JOIN_MS
    ]
    await add_gaps(connection, rows)


def _spans(segments: Iterable[Segment]) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = defaultdict(list)
    for segment in segments:
        found[segment.camera_uid].append(Span(segment.start_ms, segment.end_ms))
    return found
