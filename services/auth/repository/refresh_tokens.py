"""Sessions, each begun by one sign-in, and the last uses of their refresh tokens."""

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.repository import revocations
from services.auth.repository.revocations import Kind
from services.auth.tables.sign_in import refresh_families, refresh_uses


class Way(StrEnum):
    """How a session began."""

    PASSWORD = "password"  # noqa: S105 - a name
    OIDC = "oidc"
    DEVICE = "device"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in and all that came from it. `client_id` is empty for a browser. Instants in ms. `seed` is
    secret: what its refresh tokens are made with, 32 random bytes."""

    session_id: str
    principal_id: str
    way: Way
    client_id: str
    remote_address: str
    create_ms: int
    use_ms: int
    expire_ms: int
    seed: bytes = field(repr=False)
    certificate: str = ""
    """Fingerprint of the certificate that proved the client; empty for none."""
    revoked: bool = False

    def is_over(self, now_ms: int) -> bool:
        """Whether it was ended, or by time."""
        return self.revoked or now_ms >= self.expire_ms


@dataclass(frozen=True, slots=True)
class Use:
    """The first use of a refresh token, by its nonce."""

    nonce: str
    use_ms: int


async def add_session(connection: AsyncConnection, session: Session) -> None:
    """Begin a session at a sign-in."""
    await connection.execute(
        sa.insert(refresh_families).values(
            family_id=session.session_id,
            principal_id=session.principal_id,
            way=str(session.way),
            client_id=session.client_id,
            remote_address=session.remote_address,
            certificate_fingerprint=session.certificate,
            create_ms=session.create_ms,
            use_ms=session.use_ms,
            expire_ms=session.expire_ms,
            seed=session.seed,
        )
    )


async def find_session(connection: AsyncConnection, session_id: str, *, lock: bool = False) -> Session | None:
    """The session, or None. With `lock`, nobody else goes on with it until the transaction ends."""
    query = sa.select(refresh_families).where(refresh_families.c.family_id == session_id)
    if lock:
        query = query.with_for_update()
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _session(row)


async def list_running(
    connection: AsyncConnection, principal_id: str, now_ms: int, *, limit: int
) -> list[Session]:
    """The newest `limit` sessions of a principal that are not over, newest first."""
    query = (
        sa.select(refresh_families)
        .where(refresh_families.c.principal_id == principal_id, _runs(now_ms))
        .order_by(refresh_families.c.create_ms.desc(), refresh_families.c.family_id)
        .limit(limit)
    )
    return [_session(row) for row in await connection.execute(query)]


async def uses(connection: AsyncConnection, session_id: str) -> list[Use]:
    """What is kept of the session's used tokens."""
    query = sa.select(refresh_uses).where(refresh_uses.c.family_id == session_id)
    return [Use(row.nonce, row.use_ms) for row in await connection.execute(query)]


async def add_use(connection: AsyncConnection, session_id: str, use: Use, *, forget_before_ms: int) -> None:
    """Keep a token's first use, and forget those before `forget_before_ms`."""
    await connection.execute(
        sa.delete(refresh_uses).where(
            refresh_uses.c.family_id == session_id, refresh_uses.c.use_ms < forget_before_ms
        )
    )
    await connection.execute(
        sa.insert(refresh_uses).values(family_id=session_id, nonce=use.nonce, use_ms=use.use_ms)
    )


async def extend(connection: AsyncConnection, session_id: str, *, use_ms: int, expire_ms: int) -> None:
    """Move the instant at which the session ends, since it was used."""
    await connection.execute(
        sa.update(refresh_families)
        .where(refresh_families.c.family_id == session_id)
        .values(use_ms=use_ms, expire_ms=expire_ms)
    )


async def revoke_family(connection: AsyncConnection, session_id: str, now_ms: int) -> list[str]:
    """End the session at once, and tell so. The ids of the sessions that ended by it: this one or none."""
    return await _revoke(connection, refresh_families.c.family_id == session_id, now_ms)


async def revoke_principal(
    connection: AsyncConnection, principal_id: str, now_ms: int, *, but: str = ""
) -> list[str]:
    """End all sessions of a principal, except for `but`, and tell so. Their ids."""
    which = sa.and_(refresh_families.c.principal_id == principal_id, refresh_families.c.family_id != but)
    return await _revoke(connection, which, now_ms)


async def revoke_client(connection: AsyncConnection, client_id: str, now_ms: int) -> list[str]:
    """End all sessions of a client, and tell so. Their ids."""
    return await _revoke(connection, refresh_families.c.client_id == client_id, now_ms)


async def revoke_dropped(
    connection: AsyncConnection, client_id: str, kept: Collection[str], now_ms: int
) -> list[str]:
    """End the sessions of a client that began with another certificate than those of the fingerprints `kept`,
    and tell so. Their ids."""
    which = sa.and_(
        refresh_families.c.client_id == client_id,
        refresh_families.c.certificate_fingerprint.not_in(["", *kept]),
    )
    return await _revoke(connection, which, now_ms)


async def revoke_certificate(connection: AsyncConnection, fingerprint: str, now_ms: int) -> list[str]:
    """End all sessions that began with the certificate, and tell so. Their ids."""
    return await _revoke(connection, refresh_families.c.certificate_fingerprint == fingerprint, now_ms)


async def remove_expired(connection: AsyncConnection, now_ms: int) -> None:
    """Forget the sessions that have ended by time, with their uses."""
    await connection.execute(sa.delete(refresh_families).where(refresh_families.c.expire_ms <= now_ms))


async def _revoke(connection: AsyncConnection, which: sa.ColumnElement[bool], now_ms: int) -> list[str]:
    ended = await connection.execute(
        sa.update(refresh_families)
        .where(which, _runs(now_ms))
        .values(revoke_ms=now_ms)
        .returning(refresh_families.c.family_id)
    )
    ids = list(ended.scalars())
    for session_id in ids:
        revocations.add(connection, Kind.SESSION, session_id, now_ms)
    return ids


def _runs(now_ms: int) -> sa.ColumnElement[bool]:
    return sa.and_(refresh_families.c.revoke_ms.is_(None), refresh_families.c.expire_ms > now_ms)


def _session(row: sa.Row[tuple[object, ...]]) -> Session:
    values = row._mapping
    return Session(
        session_id=values["family_id"],
        principal_id=values["principal_id"],
        way=Way(values["way"]),
        client_id=values["client_id"],
        remote_address=values["remote_address"],
        certificate=values["certificate_fingerprint"],
        create_ms=values["create_ms"],
        use_ms=values["use_ms"],
        expire_ms=values["expire_ms"],
        seed=values["seed"],
        revoked=values["revoke_ms"] is not None,
    )
