"""Sign-ins by a provider of OpenID Connect that are over: none is finished twice."""

import hashlib

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.tables.sign_in import used_logins
from snowlight.on_conflict import conflict_insert


async def use(connection: AsyncConnection, state: str, expire_ms: int, now_ms: int) -> bool:
    """Whether the sign-in is finished for the first time. Kept until it would have expired anyway."""
    await connection.execute(sa.delete(used_logins).where(used_logins.c.expire_ms <= now_ms))
    statement = (
        conflict_insert(connection, used_logins)
        .values(state=hashlib.sha256(state.encode()).hexdigest(), expire_ms=expire_ms)
        .on_conflict_do_nothing(index_elements=["state"])
    )
    return (await connection.execute(statement)).rowcount == 1
