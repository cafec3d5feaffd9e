"""Jurisdictions: what they hold, and whose they are."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.model import Jurisdiction
from services.auth.repository.in_list import in_list
from services.auth.repository.regions import codes_below
from services.auth.tables.people import (
    jurisdiction_cameras,
    jurisdiction_members,
    jurisdiction_regions,
    jurisdictions,
)

_PARTS = (
    (jurisdiction_regions, "region", "regions"),
    (jurisdiction_cameras, "camera_uid", "cameras"),
    (jurisdiction_members, "principal", "members"),
)


async def add(connection: AsyncConnection, jurisdiction: Jurisdiction) -> None:
    """Add a new one."""
    await connection.execute(
        sa.insert(jurisdictions).values(
            jurisdiction_id=jurisdiction.jurisdiction_id,
            display_name=jurisdiction.display_name,
            region=jurisdiction.region,
            reason=jurisdiction.reason,
            line=jurisdiction.line,
            expire_ms=jurisdiction.expire_ms,
            create_ms=jurisdiction.create_ms,
            version=jurisdiction.version,
        )
    )
    await _add_parts(connection, jurisdiction)


async def change(connection: AsyncConnection, jurisdiction: Jurisdiction, version: int) -> bool:
    """Whether the one of this id, still as of `version`, was changed."""
    statement = (
        sa.update(jurisdictions)
        .where(
            jurisdictions.c.jurisdiction_id == jurisdiction.jurisdiction_id,
            jurisdictions.c.version == version,
        )
        .values(
            display_name=jurisdiction.display_name,
            reason=jurisdiction.reason,
            expire_ms=jurisdiction.expire_ms,
            version=version + 1,
        )
    )
    if (await connection.execute(statement)).rowcount != 1:
        return False
    for table, _, _ in _PARTS:
        await connection.execute(
            sa.delete(table).where(table.c.jurisdiction_id == jurisdiction.jurisdiction_id)
        )
    await _add_parts(connection, jurisdiction)
    return True


async def remove(connection: AsyncConnection, jurisdiction_id: str) -> None:
    """Forget one, with all it holds."""
    await connection.execute(
        sa.delete(jurisdictions).where(jurisdictions.c.jurisdiction_id == jurisdiction_id)
    )


async def find(connection: AsyncConnection, jurisdiction_id: str) -> Jurisdiction | None:
    """The jurisdiction, or None."""
    query = sa.select(jurisdictions).where(jurisdictions.c.jurisdiction_id == jurisdiction_id)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else (await _wholes(connection, [row]))[0]


async def page(
    connection: AsyncConnection, after: str, limit: int, reach: Sequence[str] | None, line: str | None
) -> list[Jurisdiction]:
    """At most `limit` jurisdictions with ids behind `after`, by id: those of regions in and below
    `reach` that admins of `line` made."""
    within: list[sa.ColumnElement[bool]] = (
        [] if reach is None else [jurisdictions.c.region.in_(codes_below(reach))]
    )
    if line is not None:
        within.append(jurisdictions.c.line == line)
    query = (
        sa.select(jurisdictions)
        .where(jurisdictions.c.jurisdiction_id > after, *within)
        .order_by(jurisdictions.c.jurisdiction_id)
        .limit(limit)
    )
    return await _wholes(connection, (await connection.execute(query)).all())


async def shared_with(
    connection: AsyncConnection, names: Collection[str], now_ms: int
) -> dict[str, tuple[str, ...]]:
    """By principal's name: ids of those that they are members of and that have not ended."""
    query = (
        sa.select(jurisdiction_members.c.principal, jurisdictions.c.jurisdiction_id)
        .join_from(jurisdiction_members, jurisdictions)
        .where(jurisdiction_members.c.principal.in_(in_list(names)), _lasts(now_ms))
        .order_by(jurisdictions.c.jurisdiction_id)
    )
    found: dict[str, list[str]] = {}
    for row in await connection.execute(query):
        found.setdefault(row.principal, []).append(row.jurisdiction_id)
    return {name: tuple(ids) for name, ids in found.items()}


async def lasting(connection: AsyncConnection, ids: Collection[str], now_ms: int) -> dict[str, Jurisdiction]:
    """Those of the ids that have not ended."""
    query = sa.select(jurisdictions).where(jurisdictions.c.jurisdiction_id.in_(in_list(ids)), _lasts(now_ms))
    found = await _wholes(connection, (await connection.execute(query)).all())
    return {one.jurisdiction_id: one for one in found}


def _lasts(now_ms: int) -> sa.ColumnElement[bool]:
    return sa.or_(jurisdictions.c.expire_ms.is_(None), jurisdictions.c.expire_ms > now_ms)


async def _add_parts(connection: AsyncConnection, jurisdiction: Jurisdiction) -> None:
    for table, column, attribute in _PARTS:
        values = sorted(getattr(jurisdiction, attribute))
        if values:
            rows = [{"jurisdiction_id": jurisdiction.jurisdiction_id, column: value} for value in values]
            await connection.execute(sa.insert(table), rows)


async def _wholes(connection: AsyncConnection, rows: Sequence[sa.Row[Any]]) -> list[Jurisdiction]:
    """With all that they hold: three statements, however many there are."""
    ids = [row.jurisdiction_id for row in rows]
    parts: dict[str, dict[str, set[str]]] = {attribute: {} for _, _, attribute in _PARTS}
    for table, column, attribute in _PARTS if ids else ():
        of_these = table.c.jurisdiction_id.in_(in_list(ids))
        for jurisdiction_id, value in await connection.execute(
            sa.select(table.c.jurisdiction_id, table.c[column]).where(of_these)
        ):
            parts[attribute].setdefault(jurisdiction_id, set()).add(value)
    return [
        Jurisdiction(
            jurisdiction_id=row.jurisdiction_id,
            display_name=row.display_name,
            region=row.region,
            reason=row.reason,
            expire_ms=row.expire_ms,
            create_ms=row.create_ms,
            line=row.line,
            version=row.version,
            **{name: frozenset(held.get(row.jurisdiction_id, ())) for name, held in parts.items()},
        )
        for row in rows
    ]
