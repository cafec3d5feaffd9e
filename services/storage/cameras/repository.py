"""The read model of cameras, and how far its feed has been taken in."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.cameras.camera import CameraRecord
from services.storage.tables import cameras, feeds, segments
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.camera_feed import CameraChange
from snowlight.clock import Clock
from snowlight.database import Database

_FEED = "cameras"


class CameraRepository:
    """Cameras as the registry told them. A deleted one is kept, as its footage is."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
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

    async def apply(self, changes: Sequence[CameraChange], revision: int | None) -> None:
        """Take in changes in order, and with them the revision reached (None: it stays)."""
        async with self._database.write() as connection:
            for change in changes:
                if isinstance(change, camera_pb2.Camera):
                    await self._save(connection, change)
                else:
                    await _delete(connection, change.uid, self._clock.now_ms())
            if revision is not None:
                await self._set_revision(connection, revision)

    async def forget(self) -> None:
        """Begin anew. Cameras that ingest no longer knows stay, as their footage does."""
        async with self._database.write() as connection:
            await self._set_revision(connection, 0)

    async def _set_revision(self, connection: AsyncConnection, revision: int) -> None:
        insert = self._insert(feeds).values(name=_FEED, revision=revision)
        await connection.execute(
            insert.on_conflict_do_update(index_elements=[feeds.c.name], set_={"revision": revision})
        )

    async def _save(self, connection: AsyncConnection, camera: camera_pb2.Camera) -> None:
        await _raise_again(connection, camera)
        values = {
            "retention_days": camera.retention_days,
            "created_ms": camera.create_time.ToMilliseconds(),
            "deleted_ms": None,
        }
        insert = self._insert(cameras).values(uid=camera.uid, **values)
        await connection.execute(insert.on_conflict_do_update(index_elements=[cameras.c.uid], set_=values))


async def _delete(connection: AsyncConnection, uid: str, now_ms: int) -> None:
    await connection.execute(
        sa.update(cameras)
        .where(cameras.c.uid == uid, cameras.c.deleted_ms.is_(None))
        .values(deleted_ms=now_ms)
    )


async def _raise_again(connection: AsyncConnection, camera: camera_pb2.Camera) -> None:
    """Take away the tombstones when the retention changes: what is still expired is buried anew."""
    changed = sa.exists().where(
        cameras.c.uid == camera.uid, cameras.c.retention_days != camera.retention_days
    )
    await connection.execute(
        sa.update(segments)
        .where(segments.c.camera_uid == camera.uid, segments.c.tombstone_ms.is_not(None), changed)
        .values(tombstone_ms=None)
    )
