"""What each creation that may be asked for again has made."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.tables.creations import creations
from snowlight.on_conflict import conflict_insert


async def find(connection: AsyncConnection, request_id: str, since_ms: int) -> tuple[str, bytes] | None:
    """The name of what was made after `since_ms`, and the request's fingerprint; or None."""
    query = sa.select(creations.c.name, creations.c.fingerprint).where(
        creations.c.request_id == request_id, creations.c.time_ms > since_ms
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else (row.name, bytes(row.fingerprint))


async def add(
    connection: AsyncConnection, request_id: str, fingerprint: bytes, name: str, now_ms: int, since_ms: int
) -> bool:
    """Whether it was added: False when one after `since_ms` has this id. It waits for whoever adds the same
    one at this moment."""
    insert = conflict_insert(connection, creations).values(
        request_id=request_id, fingerprint=fingerprint, name=name, time_ms=now_ms
    )
    anew = {field: insert.excluded[field] for field in ("fingerprint", "name", "time_ms")}
    statement = insert.on_conflict_do_update(
        index_elements=["request_id"], set_=anew, where=creations.c.time_ms <= since_ms
    )
    return (await connection.execute(statement)).rowcount == 1


async def remove(connection: AsyncConnection, until_ms: int) -> None:
    """Forget those of `until_ms` and before."""
    await connection.execute(sa.delete(creations).where(creations.c.time_ms <= until_ms))
