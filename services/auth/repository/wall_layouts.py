"""Layouts of the wall."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.repository.in_list import in_list
from services.auth.tables.people import principals
from services.auth.tables.workspace import wall_layouts
from services.auth.workspace.model import WallLayout


async def count_of(connection: AsyncConnection, owner: str) -> int:
    """How many `owner` has. Nobody else adds one in their name until the transaction ends."""
    theirs = principals.c.principal_id == owner.removeprefix("principals/")
    await connection.execute(sa.select(principals.c.principal_id).where(theirs).with_for_update())
    counted = sa.select(sa.func.count()).select_from(wall_layouts).where(wall_layouts.c.owner == owner)
    return int(await connection.scalar(counted) or 0)


async def add(connection: AsyncConnection, layout: WallLayout) -> None:
    """A new one."""
    values = {**_changeable(layout), "create_ms": layout.create_ms, "version": layout.version}
    await connection.execute(
        sa.insert(wall_layouts).values(layout_id=layout.layout_id, owner=layout.owner, **values)
    )


async def change(connection: AsyncConnection, layout: WallLayout, version: int) -> bool:
    """Whether the one of this id, still as of `version`, was changed."""
    statement = (
        sa.update(wall_layouts)
        .where(wall_layouts.c.layout_id == layout.layout_id, wall_layouts.c.version == version)
        .values(**_changeable(layout), version=version + 1)
    )
    return (await connection.execute(statement)).rowcount == 1


async def remove(connection: AsyncConnection, layout_id: str, version: int) -> bool:
    """Whether it was there, as of `version`, and is forgotten now."""
    statement = sa.delete(wall_layouts).where(
        wall_layouts.c.layout_id == layout_id, wall_layouts.c.version == version
    )
    return (await connection.execute(statement)).rowcount == 1


async def find(connection: AsyncConnection, layout_id: str) -> WallLayout | None:
    """The layout, or None."""
    query = sa.select(wall_layouts).where(wall_layouts.c.layout_id == layout_id)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _layout(row)


async def page(
    connection: AsyncConnection, owner: str, shared_with: Collection[str], after: str, limit: int
) -> list[WallLayout]:
    """At most `limit` of `owner` and of those shared with these regions, with ids behind `after`, by id."""
    query = (
        sa.select(wall_layouts)
        .where(
            wall_layouts.c.layout_id > after,
            sa.or_(wall_layouts.c.owner == owner, wall_layouts.c.shared_with.in_(in_list(shared_with))),
        )
        .order_by(wall_layouts.c.layout_id)
        .limit(limit)
    )
    return [_layout(row) for row in await connection.execute(query)]


def _changeable(layout: WallLayout) -> dict[str, Any]:
    return {
        "display_name": layout.display_name,
        "tiles": layout.tiles,
        "camera_uids": list(layout.camera_uids),
        "patrol": [list(group) for group in layout.patrol],
        "patrol_s": layout.patrol_s,
        "shared_with": layout.shared_with,
        "update_ms": layout.update_ms,
    }


def _layout(row: sa.Row[Any]) -> WallLayout:
    values = dict(row._mapping)
    camera_uids, patrol = values.pop("camera_uids"), values.pop("patrol")
    return WallLayout(
        camera_uids=tuple(camera_uids), patrol=tuple(tuple(group) for group in patrol), **values
    )
