"""Clients' certificates: when they end, when they were shown, and which are revoked."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.repository.in_list import in_list
from services.auth.tables.sign_in import client_certificates, revoked_certificates
from snowlight.on_conflict import conflict_insert


@dataclass(frozen=True, slots=True)
class KnownCertificate:
    """One that was registered for a client, or that it has shown."""

    client_id: str
    fingerprint: str
    end_ms: int
    show_ms: int | None
    """When it was shown last."""


async def replace(connection: AsyncConnection, client_id: str, ends_ms: dict[str, int]) -> None:
    """Know these alone of the client: fingerprints, and when each certificate ends."""
    dropped = sa.and_(
        client_certificates.c.client_id == client_id, client_certificates.c.fingerprint.not_in(list(ends_ms))
    )
    await connection.execute(sa.delete(client_certificates).where(dropped))
    for fingerprint, end_ms in ends_ms.items():
        statement = conflict_insert(connection, client_certificates).values(
            client_id=client_id, fingerprint=fingerprint, end_ms=end_ms
        )
        await connection.execute(statement.on_conflict_do_nothing())


async def shown(
    connection: AsyncConnection, client_id: str, fingerprint: str, *, end_ms: int, now_ms: int
) -> None:
    """The client has proved itself by a certificate."""
    statement = conflict_insert(connection, client_certificates).values(
        client_id=client_id, fingerprint=fingerprint, end_ms=end_ms, show_ms=now_ms
    )
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["client_id", "fingerprint"], set_={"show_ms": now_ms})
    )


async def known_of(
    connection: AsyncConnection, client_ids: Collection[str]
) -> dict[str, list[KnownCertificate]]:
    """By client's id: the certificates of those that have any, by fingerprint."""
    query = (
        sa.select(client_certificates)
        .where(client_certificates.c.client_id.in_(in_list(client_ids)))
        .order_by(client_certificates.c.fingerprint)
    )
    found: dict[str, list[KnownCertificate]] = {}
    for row in await connection.execute(query):
        one = KnownCertificate(row.client_id, row.fingerprint, row.end_ms, row.show_ms)
        found.setdefault(row.client_id, []).append(one)
    return found


async def revoke(connection: AsyncConnection, fingerprint: str, now_ms: int) -> None:
    """It proves nobody any more, for good."""
    statement = conflict_insert(connection, revoked_certificates).values(
        fingerprint=fingerprint, revoke_ms=now_ms
    )
    await connection.execute(statement.on_conflict_do_nothing())


async def revoked(connection: AsyncConnection, fingerprints: Collection[str]) -> set[str]:
    """Which of them are revoked."""
    query = sa.select(revoked_certificates.c.fingerprint).where(
        revoked_certificates.c.fingerprint.in_(in_list(fingerprints))
    )
    return set((await connection.execute(query)).scalars())
