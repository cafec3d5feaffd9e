"""Principals who come from a provider of OpenID Connect, and the sign-ins that are over."""

import hashlib

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.model import Principal
from services.auth.repository.insert import conflict_insert
from services.auth.tables.people import principals
from services.auth.tables.sign_in import used_logins


async def update(connection: AsyncConnection, principal: Principal) -> None:
    """Write what the provider's mapping decides."""
    await connection.execute(
        sa.update(principals)
        .where(principals.c.principal_id == principal.principal_id)
        .values(
            display_name=principal.display_name,
            organisation=principal.organisation,
            line=str(principal.line),
            roles=sorted(str(role) for role in principal.roles),
            scope=principal.scope,
            jurisdiction=principal.jurisdiction,
            version=principal.version + 1,
        )
    )


async def use_login(connection: AsyncConnection, state: str, expire_ms: int, now_ms: int) -> bool:
    """Whether the sign-in is finished for the first time. Kept until it would have expired anyway."""
    await connection.execute(sa.delete(used_logins).where(used_logins.c.expire_ms <= now_ms))
    statement = (
        conflict_insert(connection, used_logins)
        .values(state=hashlib.sha256(state.encode()).hexdigest(), expire_ms=expire_ms)
        .on_conflict_do_nothing(index_elements=["state"])
    )
    return (await connection.execute(statement)).rowcount == 1
