"""What forbids a deletion and what deletes, one after the other.

Holds and retentions are read by the transactions that bury and doom footage. So that none of these acts on
what it read before a hold or a longer retention was committed, both sides take one lock until they commit:
deletions share it, and what forbids them is alone. PostgreSQL runs each statement after the lock on what is
committed by then (READ COMMITTED); on SQLite every writing transaction is alone anyway.
"""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

_KEY = 0x534E5244


async def lock_deletion(connection: AsyncConnection) -> None:
    """Taken first by whatever buries, dooms or unpacks footage."""
    await _lock(connection, "pg_advisory_xact_lock_shared")


async def forbid_deletion(connection: AsyncConnection) -> None:
    """Taken first by whatever keeps footage from its deletion: holds, policies, changed cameras."""
    await _lock(connection, "pg_advisory_xact_lock")


async def _lock(connection: AsyncConnection, function: str) -> None:
    if connection.dialect.name == "postgresql":
        await connection.execute(sa.text(f"SELECT {function}({_KEY})"))
