"""Sessions and their tokens: access tokens (RFC 9068), refresh tokens that rotate (RFC 6749 section 6)."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.changes import record_change
from services.auth.model import Principal
from services.auth.refresh_token import (
    REUSE_GRACE_MS,
    RefreshToken,
    RefreshTokenKey,
    betrays_theft,
    is_used_up,
    read_refresh_token,
)
from services.auth.repository import principals, refresh_tokens
from services.auth.repository.refresh_tokens import Session, Use, Way
from services.auth.rights import actor_of
from services.auth.signing_keys import SigningKeys
from services.auth.validation import invalid
from snowlight.access.token import ACCESS_TOKEN_AUDIENCE, ACCESS_TOKEN_TYP, AccessClaims
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import UnauthenticatedError

ACCESS_TOKEN_S = 600
LIFETIMES_MS = {
    Way.PASSWORD: (12 * 3_600_000, 30 * 86_400_000),
    Way.OIDC: (12 * 3_600_000, 30 * 86_400_000),
    Way.DEVICE: (90 * 86_400_000, 400 * 86_400_000),
    Way.CLIENT: (ACCESS_TOKEN_S * 1000, ACCESS_TOKEN_S * 1000),
}
"""How long a session goes on unused, and at all. A set-top box stands unused while its people are away; a
system's session is one access token."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a sign-in or a refresh hands out. A system gets no refresh token: it has its own credentials."""

    access_token: str
    expires_in_s: int
    refresh_token: str
    principal: Principal
    device_key: str = ""


@dataclass(frozen=True, slots=True)
class Acting:
    """The person a system acts for (RFC 8693 section 4.1, `act`)."""

    person: str
    unit: str
    reason: str


@dataclass(frozen=True, slots=True)
class ShownToken:
    """A refresh token that was given out here, its session, and what the session knows of used ones."""

    token: RefreshToken
    session: Session
    uses: list[Use]

    @property
    def used_up(self) -> bool:
        """Whether the session has gone on without it."""
        return is_used_up(self.token, self.uses)


def token_hash(token: str) -> bytes:
    """What is kept of a device's code or a client's secret: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


class Tokens:
    """Begins sessions, goes on with them, and ends them."""

    def __init__(
        self, database: Database, keys: SigningKeys, refresh_key: RefreshTokenKey, clock: Clock
    ) -> None:
        self._database = database
        self._keys = keys
        self._refresh_key = refresh_key
        self._clock = clock

    async def begin(
        self,
        connection: AsyncConnection,
        principal: Principal,
        way: Way,
        *,
        remote_address: str,
        client_id: str = "",
    ) -> Grant:
        """A new session with its first pair of tokens, in the caller's transaction."""
        session = self._session(principal, way, client_id, remote_address)
        await refresh_tokens.add_session(connection, session)
        return self._grant(principal, session, self._refresh_key.make(session, session.create_ms))

    async def begin_of_client(
        self,
        connection: AsyncConnection,
        principal: Principal,
        client_id: str,
        acting: Acting | None,
        remote_address: str,
        certificate: str,
    ) -> Grant:
        """A system's session: one access token and no refresh token (RFC 6749 section 4.4.3). `certificate`:
        the fingerprint of the one that proved the client; empty for a secret."""
        session = self._session(principal, Way.CLIENT, client_id, remote_address)
        session = replace(session, certificate=certificate)
        await refresh_tokens.add_session(connection, session)
        return self._grant(principal, session, "", acting)

    async def refresh(self, refresh_token: str, client_id: str) -> Grant:
        """A new pair for the old refresh token, which is used up by it. Using it again, or one that it has
        overtaken (`betrays_theft`), ends its session, which is told and on record.

        Raises UnauthenticatedError("auth.invalid_grant").
        """
        if not refresh_token:
            raise invalid("refresh_token", "is required")
        async with self._database.write() as connection:
            grant = await self._rotate(connection, refresh_token, client_id)
        if grant is None:
            raise UnauthenticatedError("auth.invalid_grant", "the refresh token is not valid")
        return grant

    async def find_refresh_token(
        self, connection: AsyncConnection, text: str, *, lock: bool = False
    ) -> ShownToken | None:
        """The refresh token, however old; None for what was not given out here, or in a session that is
        forgotten. With `lock`, nobody else goes on with its session until the transaction ends."""
        token = read_refresh_token(text)
        if token is None:
            return None
        session = await refresh_tokens.find_session(connection, token.session_id, lock=lock)
        if session is None or not self._refresh_key.made(token, session):
            return None
        return ShownToken(token, session, await refresh_tokens.uses(connection, session.session_id))

    async def remove_expired(self) -> None:
        """Forget sessions that have ended by time."""
        async with self._database.write() as connection:
            await refresh_tokens.remove_expired(connection, self._clock.now_ms())

    async def _rotate(self, connection: AsyncConnection, text: str, client_id: str) -> Grant | None:
        shown = await self.find_refresh_token(connection, text, lock=True)
        now_ms = self._clock.now_ms()  # only now: it may have waited for another use
        if shown is None or shown.session.is_over(now_ms) or shown.session.client_id != client_id:
            return None
        token, session, uses = shown.token, shown.session, shown.uses
        principal = await principals.find(connection, f"principals/{session.principal_id}")
        if principal is None or principal.disabled:
            return None
        if betrays_theft(token, uses, now_ms):
            await self._end_stolen(connection, principal, session, now_ms)
            return None
        if all(use.nonce != token.nonce for use in uses):
            use = Use(token.nonce, now_ms)
            # What was used longer ago than the grace is overtaken by this use: its own need not be known.
            await refresh_tokens.add_use(
                connection, session.session_id, use, forget_before_ms=now_ms - REUSE_GRACE_MS
            )
        idle_ms, absolute_ms = LIFETIMES_MS[session.way]
        expire_ms = min(now_ms + idle_ms, session.create_ms + absolute_ms)
        session = replace(session, use_ms=now_ms, expire_ms=expire_ms)
        await refresh_tokens.extend(
            connection, session.session_id, use_ms=session.use_ms, expire_ms=session.expire_ms
        )
        return self._grant(principal, session, self._refresh_key.make(session, now_ms))

    async def _end_stolen(
        self, connection: AsyncConnection, principal: Principal, session: Session, now_ms: int
    ) -> None:
        await refresh_tokens.revoke_family(connection, session.session_id, now_ms)
        actor = actor_of(principal, AccessClaims(principal.name), session.remote_address)
        detail = f"sessions/{session.session_id} ended: a used refresh token was used again"
        await record_change(connection, actor, "session.end", detail, now_ms)
        log.warning("refresh_token.reused", principal=principal.name, session=session.session_id)

    def _session(self, principal: Principal, way: Way, client_id: str, remote_address: str) -> Session:
        now_ms = self._clock.now_ms()
        return Session(
            session_id=secrets.token_urlsafe(12),
            principal_id=principal.principal_id,
            way=way,
            client_id=client_id,
            remote_address=remote_address,
            create_ms=now_ms,
            use_ms=now_ms,
            expire_ms=now_ms + LIFETIMES_MS[way][0],
            seed=secrets.token_bytes(32),
        )

    def _grant(
        self,
        principal: Principal,
        session: Session,
        refresh_token: str,
        acting: Acting | None = None,
    ) -> Grant:
        now_ms = self._clock.now_ms()
        issued = now_ms // 1000
        expire = min(issued + ACCESS_TOKEN_S, session.expire_ms // 1000)
        claims: dict[str, Any] = {
            "aud": ACCESS_TOKEN_AUDIENCE,
            "sub": principal.name,
            "sid": session.session_id,
            "line": str(principal.line),
            "roles": sorted(str(role) for role in principal.roles),
            "region": f"regions/{principal.scope}",
            "tier": principal.tier,
            "iat": now_ms / 1000,  # to the ms (RFC 7519, 2): a change of rights in the same second is older
            "nbf": issued,
            "exp": expire,
            "jti": secrets.token_urlsafe(12),
        }
        if principal.jurisdiction:
            claims["jurisdiction"] = f"jurisdictions/{principal.jurisdiction}"
        if session.client_id:
            claims["client_id"] = session.client_id
        if acting is not None:
            claims["act"] = {"sub": acting.person, "unit": acting.unit, "reason": acting.reason}
        access_token = self._keys.sign(claims, ACCESS_TOKEN_TYP)
        return Grant(access_token, expire - issued, refresh_token, principal)
