"""Refresh tokens by their SHA-256, in families that began with one sign-in."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.tables import refresh_families, refresh_tokens


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token and the state of its family. `rotate_ms` is when it was first used up."""

    family_id: str
    principal_id: str
    family_create_ms: int
    family_expire_ms: int
    family_revoked: bool
    rotate_ms: int | None


async def add_family(
    connection: AsyncConnection, family_id: str, principal_id: str, *, create_ms: int, expire_ms: int
) -> None:
    """Begin a family at a sign-in."""
    await connection.execute(
        sa.insert(refresh_families).values(
            family_id=family_id, principal_id=principal_id, create_ms=create_ms, expire_ms=expire_ms
        )
    )


async def add(connection: AsyncConnection, family_id: str, token_sha256: bytes) -> None:
    """Add a token to its family."""
    await connection.execute(sa.insert(refresh_tokens).values(token_sha256=token_sha256, family_id=family_id))


async def find(connection: AsyncConnection, token_sha256: bytes) -> RefreshToken | None:
    """The token, or None."""
    query = (
        sa.select(refresh_families, refresh_tokens.c.rotate_ms)
        .join_from(refresh_tokens, refresh_families)
        .where(refresh_tokens.c.token_sha256 == token_sha256)
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    return RefreshToken(
        family_id=row.family_id,
        principal_id=row.principal_id,
        family_create_ms=row.create_ms,
        family_expire_ms=row.expire_ms,
        family_revoked=row.revoke_ms is not None,
        rotate_ms=row.rotate_ms,
    )


async def mark_rotated(connection: AsyncConnection, token_sha256: bytes, now_ms: int) -> None:
    """Note when the token was used up; a second use leaves the first instant."""
    await connection.execute(
        sa.update(refresh_tokens)
        .where(refresh_tokens.c.token_sha256 == token_sha256, refresh_tokens.c.rotate_ms.is_(None))
        .values(rotate_ms=now_ms)
    )


async def extend_family(connection: AsyncConnection, family_id: str, expire_ms: int) -> None:
    """Move the instant at which the family ends."""
    await connection.execute(
        sa.update(refresh_families)
        .where(refresh_families.c.family_id == family_id)
        .values(expire_ms=expire_ms)
    )


async def revoke_family(connection: AsyncConnection, family_id: str, now_ms: int) -> None:
    """End the family at once."""
    await _revoke(connection, refresh_families.c.family_id == family_id, now_ms)


async def revoke_principal(connection: AsyncConnection, principal_id: str, now_ms: int) -> None:
    """End all families of a principal."""
    await _revoke(connection, refresh_families.c.principal_id == principal_id, now_ms)


async def remove_expired(connection: AsyncConnection, now_ms: int) -> None:
    """Forget the families that have ended by time, with their tokens."""
    await connection.execute(sa.delete(refresh_families).where(refresh_families.c.expire_ms <= now_ms))


async def _revoke(connection: AsyncConnection, which: sa.ColumnElement[bool], now_ms: int) -> None:
    await connection.execute(
        sa.update(refresh_families)
        .where(which, refresh_families.c.revoke_ms.is_(None))
        .values(revoke_ms=now_ms)
    )
