"""From where each principal has signed in before."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.tables.people import principals
from services.auth.tables.sign_in import known_origins
from snowlight.on_conflict import conflict_insert

KEPT_MS = 90 * 86_400_000
MAX_OF_PRINCIPAL = 20


async def known(connection: AsyncConnection, username: str, origins: Sequence[str], now_ms: int) -> str:
    """The first of `origins` that the account has signed in from in the last 90 days; empty for none."""
    query = (
        sa.select(known_origins.c.origin)
        .join_from(known_origins, principals)
        .where(
            principals.c.username == username,
            known_origins.c.origin.in_(origins),
            known_origins.c.use_ms > now_ms - KEPT_MS,
        )
    )
    found = set((await connection.execute(query)).scalars())
    return next((origin for origin in origins if origin in found), "")


async def remember(
    connection: AsyncConnection, principal_id: str, origins: Sequence[str], now_ms: int
) -> None:
    """Note a sign-in from `origins`. Of each principal the newest 20 are kept."""
    for origin in origins:
        statement = conflict_insert(connection, known_origins).values(
            principal_id=principal_id, origin=origin, use_ms=now_ms
        )
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["principal_id", "origin"], set_={"use_ms": now_ms}
            )
        )
    kept = (
        sa.select(known_origins.c.origin)
        .where(known_origins.c.principal_id == principal_id)
        .order_by(known_origins.c.use_ms.desc(), known_origins.c.origin)
        .limit(MAX_OF_PRINCIPAL)
    )
    await connection.execute(
        sa.delete(known_origins).where(
            known_origins.c.principal_id == principal_id, known_origins.c.origin.not_in(kept)
        )
    )
