"""Rows without objects: taken out of the index, with a ledger row that says what became of the footage."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.catalogue.camera_rebuild import bare_row
from services.storage.catalogue.selection import Taken, choose
from services.storage.index.day_object import Day
from services.storage.index.packed import PackedDay, discard_packed, unpack
from services.storage.index.repository import KEY_COLUMNS, Repository, key_of
from services.storage.ledger.lost import record_lost
from services.storage.segment import JOIN_MS, Segment
from services.storage.spans import Span, join_footage, subtract
from services.storage.tables import segments
from snowlight.errors import AbortedError
from snowlight.media.fragment import ObjectKey
from snowlight.steps import Reached

KEYS_AT_ONCE = 500


class Losing:
    """Each loss is one transaction: footage is in the index, or in the ledger as lost."""

    def __init__(self, repository: Repository, reached: Reached) -> None:
        self._repository = repository
        self._reached = reached

    async def lose(self, lost: Sequence[Segment], packed: tuple[PackedDay, Day] | None) -> int:
        """Take `lost` out of the index, which are one camera's. Returns how many were still in it and live.

        `packed` is the day's packed row with its content when some of them are in there: what it tells up to
        the last of those becomes rows again, which the closer packs once more. Raises AbortedError when the
        packed day was changed meanwhile.
        """
        self._reached("reconcile.lose")
        async with self._repository.database.write() as connection:
            if packed is not None:
                row, day = packed
                left = await unpack(
                    self._repository,
                    connection,
                    row,
                    day,
                    until_ms=max(segment.end_ms for segment in lost),
                    tombstone_ms=0,
                    is_held=lambda _: True,
                )
                if left is None:
                    raise AbortedError("storage.day_changed", f"{row.store}:{row.key} was overtaken")
            gone = await _delete_live(connection, lost)
            spans = [Span(each.start_ms, each.end_ms) for each in lost if key_of(each) in gone]
            if spans:
                await record_lost(connection, lost[0].camera_uid, spans)
        return len(spans)

    async def lose_index_object(
        self, row: PackedDay, there: Sequence[tuple[ObjectKey, int]], rows: Sequence[Segment]
    ) -> None:
        """The day's index object is lost: what it told is made again from the objects that are `there` (key
        and size). `rows` are the day's other rows. Raises AbortedError when the day was changed meanwhile."""
        taken = Taken()
        taken.add((each.start_ms, each.end_ms) for each in rows)
        sizes = dict(there)
        chosen = choose([key for key in sizes if key.start_ms >= row.kept_from_ms], taken)
        found = join_footage(Span(key.start_ms, key.end_ms) for key in chosen)
        missing = subtract(row.footage(), found)
        lost = [span for span in missing if span.end_ms - span.start_ms > JOIN_MS]
        self._reached("reconcile.lose")
        async with self._repository.database.write() as connection:
            if not await discard_packed(connection, row):
                raise AbortedError("storage.day_changed", f"{row.store}:{row.key} was overtaken")
            made = [bare_row(key, row.store, sizes[key]) for key in chosen]
            await self._repository.insert_segments(connection, made)
            await record_lost(connection, row.camera_uid, lost)


async def _delete_live(connection: AsyncConnection, rows: Sequence[Segment]) -> set[tuple[object, ...]]:
    """Delete those of `rows` that are live. Returns their keys."""
    gone: set[tuple[object, ...]] = set()
    for at in range(0, len(rows), KEYS_AT_ONCE):
        keys = [key_of(row) for row in rows[at : at + KEYS_AT_ONCE]]
        deleted = await connection.execute(
            sa.delete(segments)
            .where(sa.tuple_(*KEY_COLUMNS).in_(keys), segments.c.tombstone_ms.is_(None), ~segments.c.doomed)
            .returning(*KEY_COLUMNS)
        )
        gone |= {tuple(row) for row in deleted}
    return gone
