"""The read model of cameras, and how far its feed has been taken in."""

from collections.abc import Sequence
from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.cameras.camera import CameraRecord, CameraVersion
from services.storage.catalogue.outbox import note
from services.storage.retention.lock import forbid_deletion
from services.storage.retention.policies import raise_unexpired, read_policies
from services.storage.retention.policy import resolve
from services.storage.tables import camera_versions, cameras, feeds
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.api.storage.v1 import stored_pb2
from snowlight.camera_feed import CameraChange
from snowlight.clock import Clock
from snowlight.database import Database

_FEED = "cameras"
VERSION_COLUMNS = tuple(column for column in camera_versions.c if column.name != "camera_uid")


class CameraRepository:
    """Cameras as the registry told them. A deleted one is kept, as its footage is."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._insert = postgresql.insert if database.is_postgres else sqlite.insert

    async def get(self, uid: str) -> CameraRecord | None:
        """What is known of one camera, also after its deletion."""
        async with self._database.ask() as connection:
            row = (await connection.execute(sa.select(cameras).where(cameras.c.uid == uid))).one_or_none()
        return CameraRecord(*row) if row else None

    async def versions(self, uid: str) -> list[CameraVersion]:
        """What held of the camera over time, oldest first."""
        query = sa.select(*VERSION_COLUMNS).where(camera_versions.c.camera_uid == uid)
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(camera_versions.c.from_ms))
            return [CameraVersion(*row) for row in rows]

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
            await forbid_deletion(connection)
            for change in changes:
                if isinstance(change, camera_pb2.Camera):
                    await self._save(connection, change)
                else:
                    await _delete(connection, change.uid, self._clock.now_ms())
                await note_camera(connection, change.uid)
            await raise_unexpired(connection, self._clock.now_ms(), [change.uid for change in changes])
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
        version = _version(camera)
        kept = resolve(
            await read_policies(connection),
            retention_days=version.retention_days,
            camera_class=version.camera_class,
            region=version.region,
            ownership=version.ownership,
        )
        values = {
            "retention_days": version.retention_days,
            "created_ms": camera.create_time.ToMilliseconds(),
            "deleted_ms": None,
            "region": version.region,
            "camera_class": version.camera_class,
            "ownership": version.ownership,
            "kept_days": kept.days,
            "minimum_days": kept.minimum_days,
        }
        insert = self._insert(cameras).values(uid=camera.uid, **values)
        await connection.execute(insert.on_conflict_do_update(index_elements=[cameras.c.uid], set_=values))
        row = {"camera_uid": camera.uid, **asdict(version)}
        versions = self._insert(camera_versions).values(row)
        await connection.execute(
            versions.on_conflict_do_update(
                index_elements=[camera_versions.c.camera_uid, camera_versions.c.from_ms], set_=row
            )
        )


async def note_camera(connection: AsyncConnection, uid: str) -> None:
    """Keep all that is known of the camera beside its footage."""
    of_camera = camera_versions.c.camera_uid == uid
    camera = (await connection.execute(sa.select(cameras).where(cameras.c.uid == uid))).one_or_none()
    if camera is None:
        return
    rows = await connection.execute(
        sa.select(*VERSION_COLUMNS).where(of_camera).order_by(camera_versions.c.from_ms)
    )
    body = stored_pb2.KeptCamera(
        uid=uid,
        created_ms=camera.created_ms,
        deleted_ms=camera.deleted_ms or 0,
        versions=[stored_pb2.CameraVersion(**row._mapping) for row in rows],
    )
    await note(connection, "camera", [(uid, body)])


async def _delete(connection: AsyncConnection, uid: str, now_ms: int) -> None:
    await connection.execute(
        sa.update(cameras)
        .where(cameras.c.uid == uid, cameras.c.deleted_ms.is_(None))
        .values(deleted_ms=now_ms)
    )


def _version(camera: camera_pb2.Camera) -> CameraVersion:
    changed = camera.update_time if camera.HasField("update_time") else camera.create_time
    return CameraVersion(
        from_ms=changed.ToMilliseconds(),
        region=camera.region.removeprefix("regions/"),
        camera_class=camera.camera_class,
        ownership=camera.ownership,
        enabled=camera.enabled,
        schedule=camera.schedule,
        retention_days=camera.retention_days,
        operator=camera.operator,
    )
