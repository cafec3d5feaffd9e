"""Principals and the hashes of their passwords."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.model import Line, Principal, Role
from services.auth.repository.in_list import in_list
from services.auth.repository.insert import conflict_insert
from services.auth.tables import principals

_COLUMNS = [column for column in principals.c if column is not principals.c.password_hash]


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
        )
        .on_conflict_do_nothing(index_elements=["username"])
    )
    return (await connection.execute(statement)).rowcount == 1


async def find(connection: AsyncConnection, name: str) -> Principal | None:
    """The principal named "principals/{id}", or None."""
    query = sa.select(*_COLUMNS).where(principals.c.principal_id == name.removeprefix("principals/"))
    row = (await connection.execute(query)).one_or_none()
    return None if row is None or not name.startswith("principals/") else _principal(row)


async def find_all(connection: AsyncConnection, names: Collection[str]) -> dict[str, Principal]:
    """Those of the principals named "principals/{id}" that exist."""
    ids = [name.removeprefix("principals/") for name in names if name.startswith("principals/")]
    query = sa.select(*_COLUMNS).where(principals.c.principal_id.in_(in_list(ids)))
    found = [_principal(row) for row in await connection.execute(query)]
    return {principal.name: principal for principal in found}


async def find_credentials(connection: AsyncConnection, username: str) -> tuple[Principal, str] | None:
    """The principal who signs in as `username`, and their password's hash."""
    row = (
        await connection.execute(sa.select(principals).where(principals.c.username == username))
    ).one_or_none()
    return None if row is None else (_principal(row), row.password_hash)


async def set_password_hash(connection: AsyncConnection, principal_id: str, password_hash: str) -> None:
    """Replace the hash of the principal's password."""
    await connection.execute(
        sa.update(principals)
        .where(principals.c.principal_id == principal_id)
        .values(password_hash=password_hash)
    )


async def page(connection: AsyncConnection, after: str, limit: int) -> list[Principal]:
    """At most `limit` principals with user names behind `after`, by user name."""
    query = (
        sa.select(*_COLUMNS).where(principals.c.username > after).order_by(principals.c.username).limit(limit)
    )
    return [_principal(row) for row in await connection.execute(query)]


def _principal(row: sa.Row[tuple[object, ...]]) -> Principal:
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
    )
