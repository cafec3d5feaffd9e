"""Keys that sign tokens: one signs, one may be about to, the retired and those of a file still verify."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.tables.sign_in import signing_keys
from snowlight.on_conflict import conflict_insert

_SIGNS, _NEXT = 1, 2


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key pair as it is kept. `private_sealed` is None once the key has retired, and for a file's key.
    `sign_ms` is from when on it signs."""

    key_id: str
    public_jwk: dict[str, Any]
    private_sealed: bytes | None
    sign_ms: int = 0


async def add(connection: AsyncConnection, key: StoredKey, now_ms: int) -> bool:
    """Whether the key was added as the one that signs; False when another already does."""
    return await _add(connection, key, now_ms, _SIGNS)


async def add_next(connection: AsyncConnection, key: StoredKey, now_ms: int) -> bool:
    """Whether the key was added as the one that signs next; False when there is such a one."""
    return await _add(connection, key, now_ms, _NEXT)


async def publish(connection: AsyncConnection, key: StoredKey, now_ms: int) -> None:
    """Keep a key that signs without being kept here: it verifies like one that retires at `now_ms`."""
    statement = (
        conflict_insert(connection, signing_keys)
        .values(key_id=key.key_id, public_jwk=key.public_jwk, create_ms=now_ms, retire_ms=now_ms, sign_ms=0)
        .on_conflict_do_update(index_elements=["key_id"], set_={"retire_ms": now_ms})
    )
    await connection.execute(statement)


async def promote_next(connection: AsyncConnection, now_ms: int) -> None:
    """Once the next key signs, retire the one before it and forget that one's private part."""
    due = (
        sa.select(signing_keys.c.key_id)
        .where(signing_keys.c.signs == _NEXT, signing_keys.c.sign_ms <= now_ms)
        .with_for_update()  # of several processes, one promotes
    )
    key_id = (await connection.execute(due)).scalar_one_or_none()
    if key_id is None:
        return
    await connection.execute(
        sa.update(signing_keys)
        .where(signing_keys.c.signs == _SIGNS)
        .values(signs=None, private_sealed=None, retire_ms=now_ms)
    )
    await connection.execute(
        sa.update(signing_keys).where(signing_keys.c.key_id == key_id).values(signs=_SIGNS)
    )


async def list_private(connection: AsyncConnection) -> list[StoredKey]:
    """The key that signs, and behind it the next one if there is one."""
    query = sa.select(signing_keys).where(signing_keys.c.signs.is_not(None)).order_by(signing_keys.c.signs)
    return [_stored(row) for row in await connection.execute(query)]


async def list_verifying(connection: AsyncConnection, *, retired_after_ms: int) -> list[StoredKey]:
    """All that sign or will, newest first, and those that retired after `retired_after_ms`."""
    query = (
        sa.select(signing_keys)
        .where(sa.or_(signing_keys.c.signs.is_not(None), signing_keys.c.retire_ms > retired_after_ms))
        .order_by(signing_keys.c.signs.is_(None), signing_keys.c.create_ms.desc())
    )
    return [_stored(row) for row in await connection.execute(query)]


async def _add(connection: AsyncConnection, key: StoredKey, now_ms: int, signs: int) -> bool:
    statement = (
        conflict_insert(connection, signing_keys)
        .values(
            key_id=key.key_id,
            public_jwk=key.public_jwk,
            private_sealed=key.private_sealed,
            create_ms=now_ms,
            signs=signs,
            sign_ms=key.sign_ms,
        )
        .on_conflict_do_nothing(index_elements=["signs"])
    )
    return (await connection.execute(statement)).rowcount == 1


def _stored(row: sa.Row[tuple[object, ...]]) -> StoredKey:
    values = row._mapping
    return StoredKey(values["key_id"], values["public_jwk"], values["private_sealed"], values["sign_ms"])
