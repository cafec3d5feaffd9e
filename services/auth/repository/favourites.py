"""Favourite cameras, a row a person."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.tables.workspace import favourites
from services.auth.workspace.model import Favourites
from snowlight.on_conflict import conflict_insert


async def of(connection: AsyncConnection, principal: str) -> Favourites:
    """Those of "principals/{id}"."""
    query = sa.select(favourites).where(favourites.c.principal == principal)
    row = (await connection.execute(query)).one_or_none()
    return Favourites() if row is None else Favourites(tuple(row.camera_uids), row.version)


async def put(connection: AsyncConnection, principal: str, wanted: Favourites, version: int) -> bool:
    """Whether those of `principal`, still as of `version`, were replaced."""
    values = {"camera_uids": list(wanted.camera_uids), "version": version + 1}
    if version:
        still = sa.and_(favourites.c.principal == principal, favourites.c.version == version)
        return (await connection.execute(sa.update(favourites).where(still).values(values))).rowcount == 1
    first = conflict_insert(connection, favourites).values(principal=principal, **values)
    done = await connection.execute(first.on_conflict_do_nothing(index_elements=["principal"]))
    return done.rowcount == 1
