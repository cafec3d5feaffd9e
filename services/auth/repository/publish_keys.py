"""Publish keys and their hashes: 256 random bits need no slow one."""

from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.tables.publishing import publish_keys


@dataclass(frozen=True, slots=True)
class PublishKey:
    """A key of one camera."""

    key_id: str
    camera_uid: str
    display_name: str
    key_sha256: bytes
    create_ms: int

    @property
    def name(self) -> str:
        return f"publish_keys/{self.key_id}"


async def add(connection: AsyncConnection, key: PublishKey) -> None:
    """Keep a key."""
    await connection.execute(sa.insert(publish_keys).values(asdict(key)))


async def of_camera(connection: AsyncConnection, camera_uid: str) -> list[PublishKey]:
    """A camera's keys, oldest first."""
    query = (
        sa.select(publish_keys)
        .where(publish_keys.c.camera_uid == camera_uid)
        .order_by(publish_keys.c.create_ms, publish_keys.c.key_id)
    )
    return [PublishKey(*row) for row in await connection.execute(query)]


async def remove(connection: AsyncConnection, key_id: str) -> None:
    """Forget a key."""
    await connection.execute(sa.delete(publish_keys).where(publish_keys.c.key_id == key_id))
