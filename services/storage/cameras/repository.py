"""The read model of cameras, and how far its feed has been taken in."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.cameras.camera import CameraRecord, CameraVersion
from services.storage.catalogue.outbox import note
from services.storage.ledger.day_rows import reopen
from services.storage.retention.lock import forbid_deletion
from services.storage.retention.policies import raise_unexpired, read_policies
from services.storage.retention.policy import resolve
from services.storage.spans import Span
from services.storage.tables import camera_versions, cameras, feeds
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.api.storage.v1 import stored_pb2
from snowlight.camera_feed import CameraChange
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.on_conflict import conflict_insert

_FEED = "cameras"
VERSION_COLUMNS = tuple(column for column in camera_versions.c if column.name != "camera_uid")


class CameraRepository:
    """Cameras as the registry told them. A deleted one is kept, as its footage is."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, uid: str) -> CameraRecord | None:
        """What is known of one camera, also after its deletion."""
        async with self._database.ask() as connection:
            return (await read_cameras(connection, [uid])).get(uid)

    async def versions(self, uid: str) -> list[CameraVersion]:
        """What held of the camera over time, oldest first."""
        async with self._database.read() as connection:
            return (await read_versions(connection, [uid])).get(uid, [])

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
        insert = conflict_insert(self._database.engine, feeds).values(name=_FEED, revision=revision)
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
        insert = conflict_insert(self._database.engine, cameras).values(uid=camera.uid, **values)
        await connection.execute(insert.on_conflict_do_update(index_elements=[cameras.c.uid], set_=values))
        await self._save_version(connection, camera.uid, version)

    async def _save_version(self, connection: AsyncConnection, uid: str, version: CameraVersion) -> None:
        row = {"camera_uid": uid, **asdict(version)}
        key = [camera_versions.c.camera_uid, camera_versions.c.from_ms]
        known = sa.select(sa.exists().where(*(column == row[column.name] for column in camera_versions.c)))
        if await connection.scalar(known):
            return
        insert = conflict_insert(self._database.engine, camera_versions).values(row)
        await connection.execute(insert.on_conflict_do_update(index_elements=key, set_=row))
        await reopen(connection, [(uid, Span(version.from_ms, self._clock.now_ms()))])


async def read_cameras(connection: AsyncConnection, uids: Collection[str]) -> dict[str, CameraRecord]:
    """What is known of cameras, by uid."""
    query = sa.select(cameras).where(cameras.c.uid.in_(uids))
    return {row.uid: CameraRecord(*row) for row in await connection.execute(query)}


async def read_versions(connection: AsyncConnection, uids: Collection[str]) -> dict[str, list[CameraVersion]]:
    """What held of cameras over time, by uid, oldest first."""
    columns = (camera_versions.c.camera_uid, *VERSION_COLUMNS)
    query = sa.select(*columns).where(camera_versions.c.camera_uid.in_(uids))
    versions: dict[str, list[CameraVersion]] = defaultdict(list)
    for uid, *row in await connection.execute(query.order_by(camera_versions.c.from_ms)):
        versions[uid].append(CameraVersion(*row))
    return versions


async def note_camera(connection: AsyncConnection, uid: str) -> None:
    """Keep all that is known of the camera beside its footage."""
    body = await kept_camera(connection, uid)
    if body is not None:
        await note(connection, "camera", [(uid, body)])


async def kept_camera(connection: AsyncConnection, uid: str) -> stored_pb2.KeptCamera | None:
    """All that is known of the camera; None when nothing is."""
    of_camera = camera_versions.c.camera_uid == uid
    camera = (await connection.execute(sa.select(cameras).where(cameras.c.uid == uid))).one_or_none()
    if camera is None:
        return None
    rows = await connection.execute(
        sa.select(*VERSION_COLUMNS).where(of_camera).order_by(camera_versions.c.from_ms)
    )
    return stored_pb2.KeptCamera(
        uid=uid,
        created_ms=camera.created_ms,
        deleted_ms=camera.deleted_ms or 0,
        versions=[stored_pb2.CameraVersion(**row._mapping) for row in rows],
    )


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
