"""The read model of cameras, and how far its feed has been taken in."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.camera import CameraRecord
from services.storage.tables import cameras, feeds, segments
from snowlight.database import Database

_FEED = "cameras"


class CameraRepository:
    """Cameras as the registry told them. A deleted one is kept, as its footage is."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = postgresql.insert if database.is_postgres else sqlite.insert

    async def get(self, uid: str) -> CameraRecord | None:
        """What is known of one camera, also after its deletion."""
        async with self._database.read() as connection:
            row = (await connection.execute(sa.select(cameras).where(cameras.c.uid == uid))).one_or_none()
        return CameraRecord(*row) if row else None

    async def list_uids(self, after: str, limit: int) -> list[str]:
        """The next cameras in order of uid, deleted ones included."""
        query = sa.select(cameras.c.uid).where(cameras.c.uid > after).order_by(cameras.c.uid).limit(limit)
        async with self._database.read() as connection:
            return list(await connection.scalars(query))

    async def revision(self) -> int:
        """The registry's revision up to which this model is complete; 0 at the beginning."""
        query = sa.select(feeds.c.revision).where(feeds.c.name == _FEED)
        async with self._database.read() as connection:
            return await connection.scalar(query) or 0

    async def save(self, rows: Sequence[CameraRecord], revision: int | None) -> None:
        """Take in changes in order, and with them the revision reached (None: it stays)."""
        async with self._database.write() as connection:
            for row in rows:
                await (self._save(connection, row) if row.deleted_ms is None else _delete(connection, row))
            if revision is not None:
                insert = self._insert(feeds).values(name=_FEED, revision=revision)
                await connection.execute(
                    insert.on_conflict_do_update(index_elements=[feeds.c.name], set_={"revision": revision})
                )

    async def _save(self, connection: AsyncConnection, row: CameraRecord) -> None:
        await _raise_again(connection, row)
        values = {"retention_days": row.retention_days, "created_ms": row.created_ms, "deleted_ms": None}
        insert = self._insert(cameras).values(uid=row.uid, **values)
        await connection.execute(insert.on_conflict_do_update(index_elements=[cameras.c.uid], set_=values))


async def _delete(connection: AsyncConnection, row: CameraRecord) -> None:
    await connection.execute(
        sa.update(cameras)
        .where(cameras.c.uid == row.uid, cameras.c.deleted_ms.is_(None))
        .values(deleted_ms=row.deleted_ms)
    )


async def _raise_again(connection: AsyncConnection, row: CameraRecord) -> None:
    """Take away the tombstones when the retention changes: what is still expired is buried anew."""
    changed = sa.exists().where(cameras.c.uid == row.uid, cameras.c.retention_days != row.retention_days)
    await connection.execute(
        sa.update(segments)
        .where(segments.c.camera_uid == row.uid, segments.c.tombstone_ms.is_not(None), changed)
        .values(tombstone_ms=None)
    )
