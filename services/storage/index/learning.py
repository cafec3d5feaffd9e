"""What a segment's writer tells of it after it was found in its store."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.index.repository import KEY_COLUMNS, TOLD, key_of
from services.storage.segment import Segment
from services.storage.tables import segments


async def learn(connection: AsyncConnection, rows: Sequence[Segment]) -> None:
    """Complete what was found in its store, and entered without a hash, by `rows`, as its writer tells.

    What has a hash keeps it, and what is being deleted stays as it is. An object of another size or in
    another store is not the one that is told of.
    """
    told = [row for row in sorted(rows, key=key_of) if row.sha256]  # in the order of all writers
    if not told:
        return
    is_row = (column == sa.bindparam(f"its_{column.name}") for column in KEY_COLUMNS)
    is_it = (segments.c[name] == sa.bindparam(f"its_{name}") for name in ("store", "size"))
    unknown = (sa.func.length(segments.c.sha256) == 0, sa.not_(segments.c.doomed))
    statement = sa.update(segments).where(*is_row, *is_it, *unknown)
    values = [
        {f"its_{column.name}": getattr(row, column.name) for column in (*KEY_COLUMNS, segments.c.store)}
        | {"its_size": row.size}
        | {f"told_{name}": getattr(row, name) for name in TOLD}
        for row in told
    ]
    new: dict[str, Any] = {name: sa.bindparam(f"told_{name}") for name in TOLD}
    await connection.execute(statement.values(new), values)
