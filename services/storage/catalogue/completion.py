"""Rows that were made from keys alone, completed from their objects as they are asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from services.storage.catalogue.contents import read_contents
from services.storage.index.repository import KEY_COLUMNS, key_of
from services.storage.segment import Segment
from services.storage.tables import segments
from snowlight.bounded import for_each
from snowlight.database import Database
from snowlight.errors import UnavailableError

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

READS_AT_ONCE = 16

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What became of bare rows. Those whose object cannot be read now are in neither."""

    found: list[Segment]
    """Completed."""
    wrong: list[Segment]
    """Whose object is not what its name says: cut short, or something else."""


class Completion:
    """Reads what keys do not tell out of the objects, and keeps it in the rows."""

    def __init__(self, database: Database, stores: "Mapping[str, ObjectStore]") -> None:
        self._database = database
        self._stores = stores

    async def complete(self, listed: Sequence[Segment]) -> list[Segment]:
        """`listed` with fragment tables. Those whose object cannot be read now, or is not footage, are left
        out: nobody could play them."""
        bare = [segment for segment in listed if not segment.fragments]
        if not bare:
            return list(listed)
        found = {key_of(segment): segment for segment in (await self.look_up(bare)).found}
        whole = [segment if segment.fragments else found.get(key_of(segment)) for segment in listed]
        return [segment for segment in whole if segment is not None]

    async def look_up(self, bare: Sequence[Segment]) -> LookedUp:
        """Complete rows without fragment tables, as far as their objects can be read now."""
        looked_up = LookedUp([], [])
        for segment, read in zip(bare, await for_each(bare, self._read, at_once=READS_AT_ONCE), strict=True):
            if isinstance(read, ValueError):
                looked_up.wrong.append(segment)
            elif read is not None:
                looked_up.found.append(read)
        await self._save(looked_up.found)
        return looked_up

    async def _read(self, segment: Segment) -> Segment | ValueError | None:
        """The segment completed; None when its object cannot be read now, what is wrong with it when it is
        not what its name says."""
        store = self._stores.get(segment.store)
        if store is None:
            return None
        try:
            contents = await read_contents(store, segment.key, segment.size)
        except (UnavailableError, ValueError) as error:
            log.warning("footage.not_read", key=str(segment.key), error=str(error))
            return error if isinstance(error, ValueError) else None
        if contents is None:
            return None
        return replace(
            segment,
            session=contents.session,
            init_size=contents.init_size,
            codecs=contents.codecs,
            fragments=contents.fragments,
        )

    async def _save(self, rows: Sequence[Segment]) -> None:
        if not rows:
            return
        is_row = sa.and_(*(column == sa.bindparam(f"its_{column.name}") for column in KEY_COLUMNS))
        values = [
            {
                **{f"its_{column.name}": at for column, at in zip(KEY_COLUMNS, key_of(row), strict=True)},
                "session": row.session,
                "init_size": row.init_size,
                "codecs": row.codecs,
                "fragments": row.fragments,
            }
            for row in rows
        ]
        update = (
            sa.update(segments)
            .where(is_row)
            .values({name: sa.bindparam(name) for name in ("session", "init_size", "codecs", "fragments")})
        )
        async with self._database.write() as connection:
            await connection.execute(update, values)
