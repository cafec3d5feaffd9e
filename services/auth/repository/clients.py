"""Clients and the hashes of their secrets."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.repository.in_list import in_list
from services.auth.tables.sign_in import client_secrets, clients
from snowlight.on_conflict import conflict_insert


@dataclass(frozen=True, slots=True)
class Client:
    """A system, or a model of set-top boxes. `principal_id` is None for the latter."""

    client_id: str
    display_name: str
    principal_id: str | None
    fingerprints: tuple[str, ...]
    """SHA-256 of the certificates that prove it, hexadecimal."""
    subject: str
    """Subject of certificates that prove it (RFC 4514); empty for none."""
    create_ms: int

    @property
    def name(self) -> str:
        return f"clients/{self.client_id}"

    @property
    def is_system(self) -> bool:
        return self.principal_id is not None


@dataclass(frozen=True, slots=True)
class Secret:
    """The hash of a client's secret: 256 random bits need no slow one. `expire_ms` is None for the newest."""

    sha256: bytes
    create_ms: int
    expire_ms: int | None


async def add(connection: AsyncConnection, client: Client) -> bool:
    """Whether the client was added; False when the principal has one already."""
    statement = (
        conflict_insert(connection, clients)
        .values(
            client_id=client.client_id,
            display_name=client.display_name,
            principal_id=client.principal_id,
            certificate_fingerprints=list(client.fingerprints),
            certificate_subject=client.subject,
            create_ms=client.create_ms,
        )
        .on_conflict_do_nothing(index_elements=["principal_id"])
    )
    return (await connection.execute(statement)).rowcount == 1


async def find(connection: AsyncConnection, client_id: str) -> Client | None:
    """The client, or None."""
    row = (await connection.execute(sa.select(clients).where(clients.c.client_id == client_id))).one_or_none()
    return None if row is None else _client(row)


async def find_of_principal(connection: AsyncConnection, principal_id: str) -> Client | None:
    """The client whose tokens speak for the principal, or None."""
    query = sa.select(clients).where(clients.c.principal_id == principal_id)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _client(row)


async def with_certificates(connection: AsyncConnection) -> list[Client]:
    """All systems that certificates prove: there are as many as there are other platforms."""
    query = sa.select(clients).where(clients.c.principal_id.is_not(None)).order_by(clients.c.client_id)
    found = [_client(row) for row in await connection.execute(query)]
    return [client for client in found if client.fingerprints or client.subject]


async def page(connection: AsyncConnection, after: str, limit: int) -> list[Client]:
    """At most `limit` clients with ids behind `after`, by id."""
    query = sa.select(clients).where(clients.c.client_id > after).order_by(clients.c.client_id).limit(limit)
    return [_client(row) for row in await connection.execute(query)]


async def keep_still(connection: AsyncConnection, client_id: str) -> None:
    """Until the transaction ends, what proves the client stays."""
    query = sa.select(clients.c.client_id).where(clients.c.client_id == client_id)
    await connection.execute(query.with_for_update(read=True))


async def lock_systems(connection: AsyncConnection) -> None:
    """Until the transaction ends, no system signs in by a certificate."""
    query = sa.select(clients.c.client_id).where(clients.c.principal_id.is_not(None))
    await connection.execute(query.order_by(clients.c.client_id).with_for_update())


async def set_certificates(
    connection: AsyncConnection, client_id: str, fingerprints: tuple[str, ...], subject: str
) -> None:
    """Replace what certificates prove the client."""
    await connection.execute(
        sa.update(clients)
        .where(clients.c.client_id == client_id)
        .values(certificate_fingerprints=list(fingerprints), certificate_subject=subject)
    )


async def remove(connection: AsyncConnection, client_id: str) -> None:
    """Forget the client with its secrets and waiting device codes."""
    await connection.execute(sa.delete(clients).where(clients.c.client_id == client_id))


async def add_secret(connection: AsyncConnection, client_id: str, secret: Secret) -> None:
    """Add a secret."""
    await connection.execute(
        sa.insert(client_secrets).values(
            secret_sha256=secret.sha256, client_id=client_id, create_ms=secret.create_ms
        )
    )


async def secrets_of(connection: AsyncConnection, client_id: str, now_ms: int) -> list[Secret]:
    """The client's valid secrets, newest first."""
    return (await secrets_of_all(connection, [client_id], now_ms)).get(client_id, [])


async def secrets_of_all(
    connection: AsyncConnection, client_ids: Collection[str], now_ms: int
) -> dict[str, list[Secret]]:
    """By client's id: the valid secrets of those that have any, newest first."""
    query = (
        sa.select(client_secrets)
        .where(
            client_secrets.c.client_id.in_(in_list(client_ids)),
            sa.or_(client_secrets.c.expire_ms.is_(None), client_secrets.c.expire_ms > now_ms),
        )
        .order_by(client_secrets.c.create_ms.desc(), client_secrets.c.secret_sha256)
    )
    found: dict[str, list[Secret]] = {}
    for row in await connection.execute(query):
        secret = Secret(row.secret_sha256, row.create_ms, row.expire_ms)
        found.setdefault(row.client_id, []).append(secret)
    return found


async def expire_secrets(
    connection: AsyncConnection, client_id: str, *, newest: bytes | None, expire_ms: int
) -> None:
    """Remove the client's secrets; the newest of them, if told, goes on until `expire_ms`."""
    of_client = client_secrets.c.client_id == client_id
    if newest is None:
        await connection.execute(sa.delete(client_secrets).where(of_client))
        return
    await connection.execute(
        sa.delete(client_secrets).where(of_client, client_secrets.c.secret_sha256 != newest)
    )
    await connection.execute(
        sa.update(client_secrets)
        .where(
            client_secrets.c.secret_sha256 == newest,
            sa.or_(client_secrets.c.expire_ms.is_(None), client_secrets.c.expire_ms > expire_ms),
        )
        .values(expire_ms=expire_ms)
    )


def _client(row: sa.Row[tuple[object, ...]]) -> Client:
    values = row._mapping
    return Client(
        client_id=values["client_id"],
        display_name=values["display_name"],
        principal_id=values["principal_id"],
        fingerprints=tuple(values["certificate_fingerprints"]),
        subject=values["certificate_subject"],
        create_ms=values["create_ms"],
    )
