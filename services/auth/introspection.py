"""What may be told about a token (RFC 7662), and ending one (RFC 7009)."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.changes import record_change
from services.auth.repository import clients, principals, refresh_tokens
from services.auth.repository.refresh_tokens import Session
from services.auth.rights import actor_of, load_principal
from services.auth.sign_in.clients import ClientSignIn, Credentials
from services.auth.tokens import Tokens
from services.auth.validation import invalid
from snowlight.access import jwt
from snowlight.access.token import AccessClaims, TokenVerifier
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import PermissionDeniedError, UnauthenticatedError

MAX_TOKEN_LENGTH = jwt.MAX_LENGTH


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """A token that is valid now."""

    kind: str
    """"access_token" or "refresh_token"."""
    claims: dict[str, Any]
    username: str


class TokenDesk:
    """Looks tokens up by what they are, whoever issued them to whom."""

    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        client_sign_in: ClientSignIn,
        verifier: TokenVerifier,
        clock: Clock,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._clients = client_sign_in
        self._verifier = verifier
        self._clock = clock

    async def introspect(
        self, token: str, credentials: Credentials, access_token: str, *, by_service: bool
    ) -> TokenFacts | None:
        """The token's facts; None for whatever is not valid, and nobody is told why.

        Raises UnauthenticatedError and PermissionDeniedError unless a system, a client or a service asks.
        """
        _check(token)
        async with self._database.read() as connection:
            asking = await self._asking_client(connection, credentials, access_token, by_service=by_service)
            facts = await self._access_token(connection, token)
            return facts or await self._refresh_token(connection, token, asking)

    async def revoke(self, token: str, credentials: Credentials) -> None:
        """End the token's session; an unknown token is no error (RFC 7009 section 2.2).

        Raises UnauthenticatedError("auth.invalid_client") for wrong credentials, and PermissionDeniedError
        for the token of another client.
        """
        _check(token)
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            client_id = await self._clients.identify(connection, credentials)
            session = await self._session(connection, token)
            if session is None or session.is_over(now_ms):
                return
            if session.client_id != client_id:
                raise PermissionDeniedError("auth.unauthorized_client", "the token is another client's")
            await refresh_tokens.revoke_family(connection, session.session_id, now_ms)
            principal = await principals.find(connection, f"principals/{session.principal_id}")
            if principal is not None:
                actor = actor_of(principal, AccessClaims(principal.name), session.remote_address)
                detail = f"sessions/{session.session_id} ended by its token"
                await record_change(connection, actor, "session.end", detail, now_ms)

    async def _asking_client(
        self, connection: AsyncConnection, credentials: Credentials, access_token: str, *, by_service: bool
    ) -> str | None:
        """The id of the client that asks; None for a service."""
        if credentials.client_id:
            asking = await self._clients.authenticate(connection, credentials)
            system = await principals.find(connection, f"principals/{asking.principal_id}")
            if system is None or system.disabled:
                raise PermissionDeniedError("auth.system_required", "only a system may ask about tokens")
            return asking.client_id
        if access_token:
            caller = await self._verifier.access_token(access_token)
            principal = await load_principal(connection, caller.principal)
            client = await clients.find_of_principal(connection, principal.principal_id)
            session = await refresh_tokens.find_session(connection, caller.session_id)
            if client is None or principal.disabled:
                raise PermissionDeniedError("auth.system_required", "only a system may ask about tokens")
            if session is None or session.is_over(self._clock.now_ms()):
                raise UnauthenticatedError("auth.session_over", "the session is over: sign in again")
            return client.client_id
        if by_service:
            return None
        raise UnauthenticatedError("auth.invalid_client", "a client's or a system's credentials are required")

    async def _access_token(self, connection: AsyncConnection, token: str) -> TokenFacts | None:
        try:
            claims = await self._verifier.access_claims(token)
        except UnauthenticatedError:
            return None
        session = await refresh_tokens.find_session(connection, claims.get("sid", ""))
        return await self._facts(connection, "access_token", claims, session)

    async def _refresh_token(
        self, connection: AsyncConnection, token: str, asking: str | None
    ) -> TokenFacts | None:
        found = await self._tokens.find_refresh_token(connection, token)
        if found is None or found.used_up:
            return None
        session = found.session
        if asking is not None and session.client_id != asking:
            return None  # it is nobody's business but its holder's
        claims = {
            "iss": jwt.AUTH_ISSUER,
            "sub": f"principals/{session.principal_id}",
            "sid": session.session_id,
            "iat": session.create_ms // 1000,
            "exp": session.expire_ms // 1000,
        }
        if session.client_id:
            claims["client_id"] = session.client_id
        return await self._facts(connection, "refresh_token", claims, session)

    async def _facts(
        self, connection: AsyncConnection, kind: str, claims: dict[str, Any], session: Session | None
    ) -> TokenFacts | None:
        if session is None or session.is_over(self._clock.now_ms()):
            return None
        principal = await principals.find(connection, claims["sub"])
        if principal is None or principal.disabled:
            return None
        return TokenFacts(kind, claims, principal.username)

    async def _session(self, connection: AsyncConnection, token: str) -> Session | None:
        found = await self._tokens.find_refresh_token(connection, token)
        if found is not None:
            return found.session
        try:
            claims = await self._verifier.access_claims(token)
        except UnauthenticatedError:
            return None
        return await refresh_tokens.find_session(connection, claims.get("sid", ""))


def _check(token: str) -> None:
    if not token or len(token) > MAX_TOKEN_LENGTH:
        raise invalid("token", f"must have 1 to {MAX_TOKEN_LENGTH} characters")
