"""What forbids a deletion and what deletes, one after the other.

Holds and retentions are read by the transactions that bury and doom footage. So that none of these acts on
what it read before a hold or a longer retention was committed, both sides take one lock until they commit:
deletions share it, and what forbids them is alone. PostgreSQL runs each statement after the lock on what is
committed by then (READ COMMITTED); on SQLite every writing transaction is alone anyway.

Nor does any act on a clock that has run ahead: a host loses its duties for that, but not within the moment.
"""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from snowlight.errors import UnavailableError
from snowlight.readiness import DATABASE_NOW, MAX_SKEW_MS

_KEY = 0x534E5244


async def lock_deletion(connection: AsyncConnection, now_ms: int) -> None:
    """Taken first by whatever buries, dooms or unpacks footage because of what time it is, `now_ms`.

    Raises UnavailableError when it is not that late by PostgreSQL's clock.
    """
    if connection.dialect.name != "postgresql":
        return
    query = sa.text(f"SELECT {DATABASE_NOW}, pg_advisory_xact_lock_shared({_KEY})")
    there_ms = (await connection.execute(query)).one()[0]
    if now_ms > there_ms + MAX_SKEW_MS:
        raise UnavailableError("clock.ahead", "this host's clock is ahead of the database's")


async def forbid_deletion(connection: AsyncConnection) -> None:
    """Taken first by whatever keeps footage from its deletion: holds, policies, changed cameras."""
    if connection.dialect.name == "postgresql":
        await connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_KEY})"))
