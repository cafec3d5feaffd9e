"""Principals and the hashes of their passwords."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.model import Kind, Line, Principal, Role
from services.auth.repository.in_list import in_list
from services.auth.repository.regions import codes_below
from services.auth.tables.people import principals, regions
from snowlight.on_conflict import conflict_insert

_COLUMNS = [*(column for column in principals.c if column is not principals.c.password_hash), regions.c.level]
_WITH_REGION = principals.outerjoin(regions, principals.c.scope == regions.c.code)


async def add(connection: AsyncConnection, principal: Principal, password_hash: str) -> bool:
    """Whether the principal was added; False when the user name is taken."""
    statement = (
        conflict_insert(connection, principals)
        .values(
            principal_id=principal.principal_id,
            username=principal.username,
            display_name=principal.display_name,
            organisation=principal.organisation,
            line=str(principal.line),
            roles=sorted(str(role) for role in principal.roles),
            scope=principal.scope,
            disabled=principal.disabled,
            create_ms=principal.create_ms,
            password_hash=password_hash,
            kind=str(principal.kind),
            jurisdiction=principal.jurisdiction,
            version=principal.version,
            created_by=principal.created_by,
        )
        .on_conflict_do_nothing(index_elements=["username"])
    )
    return (await connection.execute(statement)).rowcount == 1


async def find(connection: AsyncConnection, name: str) -> Principal | None:
    """The principal named "principals/{id}", or None."""
    query = (
        sa.select(*_COLUMNS)
        .select_from(_WITH_REGION)
        .where(principals.c.principal_id == name.removeprefix("principals/"))
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None or not name.startswith("principals/") else _principal(row)


async def find_all(connection: AsyncConnection, names: Collection[str]) -> dict[str, Principal]:
    """Those of the principals named "principals/{id}" that exist."""
    ids = [name.removeprefix("principals/") for name in names if name.startswith("principals/")]
    query = sa.select(*_COLUMNS).select_from(_WITH_REGION).where(principals.c.principal_id.in_(in_list(ids)))
    found = [_principal(row) for row in await connection.execute(query)]
    return {principal.name: principal for principal in found}


async def find_credentials(
    connection: AsyncConnection, username: str, *, lock: bool = False
) -> tuple[Principal, str] | None:
    """The principal who signs in as `username`, and their password's hash; with `lock` nobody changes either
    until the transaction ends.
    """
    query = (
        sa.select(*_COLUMNS, principals.c.password_hash)
        .select_from(_WITH_REGION)
        .where(principals.c.username == username)
    )
    if lock:
        query = query.with_for_update(of=principals)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else (_principal(row), row.password_hash)


async def change(connection: AsyncConnection, principal: Principal, version: int) -> bool:
    """Whether the principal, still as of `version`, was changed to `principal`."""
    statement = (
        sa.update(principals)
        .where(principals.c.principal_id == principal.principal_id, principals.c.version == version)
        .values(
            display_name=principal.display_name,
            organisation=principal.organisation,
            line=str(principal.line),
            roles=sorted(str(role) for role in principal.roles),
            scope=principal.scope,
            jurisdiction=principal.jurisdiction,
            disabled=principal.disabled,
            version=version + 1,
        )
    )
    return (await connection.execute(statement)).rowcount == 1


async def set_password_hash(
    connection: AsyncConnection, principal_id: str, password_hash: str, *, must_change: bool = False
) -> None:
    """Replace the hash of the principal's password. `must_change`: it is good for choosing another."""
    await connection.execute(
        sa.update(principals)
        .where(principals.c.principal_id == principal_id)
        .values(password_hash=password_hash, must_change=must_change)
    )


async def page(
    connection: AsyncConnection,
    after: str,
    limit: int,
    reach: Sequence[str] | None = None,
    organisation: str | None = None,
) -> list[Principal]:
    """At most `limit` principals with user names behind `after`, by user name: those in and below the regions
    of `reach`, and of `organisation`, where these are given.
    """
    query = (
        sa.select(*_COLUMNS)
        .select_from(_WITH_REGION)
        .where(principals.c.username > after, *_within(reach, organisation))
        .order_by(principals.c.username)
        .limit(limit)
    )
    return [_principal(row) for row in await connection.execute(query)]


async def lies_within(
    connection: AsyncConnection, principal_id: str, reach: Sequence[str] | None, organisation: str | None
) -> bool:
    """Whether the principal is one of those that `page` would list."""
    query = sa.select(principals.c.principal_id).where(
        principals.c.principal_id == principal_id, *_within(reach, organisation)
    )
    return await connection.scalar(query) is not None


async def with_jurisdiction(connection: AsyncConnection, jurisdiction_id: str) -> list[str]:
    """Names of the principals whose scope it is."""
    query = sa.select(principals.c.principal_id).where(principals.c.jurisdiction == jurisdiction_id)
    return [f"principals/{found}" for found in (await connection.execute(query)).scalars()]


def _within(reach: Sequence[str] | None, organisation: str | None) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if reach is not None:
        conditions.append(principals.c.scope.in_(codes_below(reach)))
    if organisation is not None:
        conditions.append(principals.c.organisation == organisation)
    return conditions


def _principal(row: Any) -> Principal:
    values = row._mapping
    return Principal(
        principal_id=values["principal_id"],
        username=values["username"],
        display_name=values["display_name"],
        organisation=values["organisation"],
        line=Line(values["line"]),
        roles=frozenset(Role(role) for role in values["roles"]),
        scope=values["scope"],
        disabled=values["disabled"],
        create_ms=values["create_ms"],
        kind=Kind(values["kind"]),
        jurisdiction=values["jurisdiction"],
        tier=values["level"] or 0,
        version=values["version"],
        created_by=values["created_by"],
        must_change=values["must_change"],
    )
