"""Keys that sign tokens: one signs, the retired still verify."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.repository.insert import conflict_insert
from services.auth.tables import signing_keys


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key pair as it is kept. `private_sealed` is None once the key has retired."""

    key_id: str
    public_jwk: dict[str, Any]
    private_sealed: bytes | None


async def add(connection: AsyncConnection, key: StoredKey, now_ms: int) -> bool:
    """Whether the key was added as the one that signs; False when another already does."""
    statement = (
        conflict_insert(connection, signing_keys)
        .values(
            key_id=key.key_id,
            public_jwk=key.public_jwk,
            private_sealed=key.private_sealed,
            create_ms=now_ms,
            signs=1,
        )
        .on_conflict_do_nothing(index_elements=["signs"])
    )
    return (await connection.execute(statement)).rowcount == 1


async def retire_signing(connection: AsyncConnection, now_ms: int) -> None:
    """Retire the key that signs and forget its private part."""
    await connection.execute(
        sa.update(signing_keys)
        .where(signing_keys.c.signs == 1)
        .values(signs=None, private_sealed=None, retire_ms=now_ms)
    )


async def find_signing(connection: AsyncConnection) -> StoredKey | None:
    """The key that signs, or None before the first start."""
    row = (await connection.execute(sa.select(signing_keys).where(signing_keys.c.signs == 1))).one_or_none()
    return None if row is None else StoredKey(row.key_id, row.public_jwk, row.private_sealed)


async def list_verifying(connection: AsyncConnection, *, retired_after_ms: int) -> list[StoredKey]:
    """The key that signs, first, and those that retired after `retired_after_ms`."""
    query = (
        sa.select(signing_keys)
        .where(sa.or_(signing_keys.c.signs == 1, signing_keys.c.retire_ms > retired_after_ms))
        .order_by(signing_keys.c.signs.is_(None), signing_keys.c.create_ms.desc())
    )
    return [
        StoredKey(row.key_id, row.public_jwk, row.private_sealed) for row in await connection.execute(query)
    ]
