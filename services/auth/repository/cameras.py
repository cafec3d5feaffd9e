"""The camera model: what ingest's change feed has told, and how far."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.model import CameraFacts, Ownership
from services.auth.repository.in_list import in_list
from services.auth.tables.tickets import camera_feed, cameras
from snowlight.on_conflict import conflict_insert


async def find(connection: AsyncConnection, uid: str) -> CameraFacts | None:
    """The camera's facts, or None while the feed has not told of it."""
    return (await find_all(connection, [uid])).get(uid)


async def find_all(connection: AsyncConnection, uids: Collection[str]) -> dict[str, CameraFacts]:
    """The facts of those cameras that the feed has told of."""
    query = sa.select(cameras).where(cameras.c.uid.in_(in_list(uids)))
    return {row.uid: _facts(row) for row in await connection.execute(query)}


async def owned_by(connection: AsyncConnection, principal: str) -> dict[str, CameraFacts]:
    """The facts of the cameras of an owner, "principals/{id}"."""
    query = sa.select(cameras).where(cameras.c.owner == principal, cameras.c.deleted.is_(False))
    return {row.uid: _facts(row) for row in await connection.execute(query)}


async def registered(connection: AsyncConnection) -> list[CameraFacts]:
    """The facts of all cameras that are not deleted."""
    rows = await connection.execute(sa.select(cameras).where(cameras.c.deleted.is_(False)))
    return [_facts(row) for row in rows]


async def put(connection: AsyncConnection, camera: CameraFacts, revision: int) -> None:
    """Keep a camera as of `revision`. An older revision never replaces a newer one."""
    insert = conflict_insert(connection, cameras).values(
        uid=camera.uid,
        region=camera.region,
        ownership=str(camera.ownership or ""),
        owner=camera.owner,
        listed_for_residents=camera.listed_for_residents,
        operator=camera.operator,
        deleted=camera.deleted,
        owner_ms=camera.owner_ms,
        revision=revision,
    )
    facts = (
        *("region", "ownership", "owner", "listed_for_residents", "operator", "deleted"),
        *("owner_ms", "revision"),
    )
    await connection.execute(
        insert.on_conflict_do_update(
            index_elements=["uid"],
            set_={name: insert.excluded[name] for name in facts},
            where=insert.excluded.revision > cameras.c.revision,
        )
    )


async def mark_deleted(connection: AsyncConnection, uid: str, revision: int) -> None:
    """Keep what was known of a camera that is gone: its footage is not."""
    await connection.execute(
        sa.update(cameras)
        .where(cameras.c.uid == uid, cameras.c.revision < revision)
        .values(deleted=True, revision=revision)
    )


async def feed_revision(connection: AsyncConnection) -> int | None:
    """The revision up to which the feed is kept; None before it was first complete."""
    return (await connection.execute(sa.select(camera_feed.c.revision))).scalar_one_or_none()


async def set_feed_revision(connection: AsyncConnection, revision: int) -> None:
    """Note how far the feed is kept. It never goes back."""
    insert = conflict_insert(connection, camera_feed).values(feed=1, revision=revision)
    await connection.execute(
        insert.on_conflict_do_update(
            index_elements=["feed"],
            set_={"revision": insert.excluded.revision},
            where=insert.excluded.revision > camera_feed.c.revision,
        )
    )


async def forget_all(connection: AsyncConnection) -> None:
    """Begin the model anew."""
    await connection.execute(sa.delete(cameras))
    await connection.execute(sa.delete(camera_feed))


def _facts(row: sa.Row[tuple[object, ...]]) -> CameraFacts:
    values = row._mapping
    return CameraFacts(
        uid=values["uid"],
        region=values["region"],
        ownership=Ownership(values["ownership"]) if values["ownership"] else None,
        owner=values["owner"],
        listed_for_residents=values["listed_for_residents"],
        operator=values["operator"],
        deleted=values["deleted"],
        owner_ms=values["owner_ms"],
    )
