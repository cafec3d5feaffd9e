"""People's access tokens and stream tickets, verified once and then by cache.

A cached verification still looks at the expiry on every hit.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from snowlight.access import jwt
from snowlight.access.keys import PublicKeys
from snowlight.clock import Clock
from snowlight.errors import ExpiredError, PermissionDeniedError, UnauthenticatedError

ACCESS_TOKEN_TYP = "at+jwt"  # noqa: S105 - a type name (RFC 9068)
ACCESS_TOKEN_AUDIENCE = "snowlight"  # noqa: S105 - a name
TICKET_TYP = "ticket+jwt"
TICKET_AUDIENCE = "snowlight:media"
CACHE_SIZE = 20_000


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """Whom an access token speaks for. A system names the person it acts for (RFC 8693, `act`)."""

    principal: str
    """"principals/{id}"."""
    session_id: str = ""
    """The sign-in that the token came from (`sid`)."""
    acting_person: str = ""
    acting_unit: str = ""
    acting_reason: str = ""
    client_id: str = ""
    """The system or set-top box that holds the token; empty for a browser."""


@dataclass(frozen=True, slots=True)
class TicketClaims:
    """What a stream ticket opens."""

    ticket_id: str
    principal: str
    camera_uid: str
    action: str
    window_start_ms: int
    window_end_ms: int
    expire_ms: int

    def require(self, *actions: str) -> None:
        """Raises PermissionDeniedError unless the ticket is for one of `actions`."""
        if self.action not in actions:
            raise PermissionDeniedError("ticket.wrong_action", f"this ticket is for {self.action}")

    def require_window(self, start_ms: int, end_ms: int) -> None:
        """Raises PermissionDeniedError unless [start_ms, end_ms) lies inside the ticket's window."""
        if start_ms < self.window_start_ms or end_ms > self.window_end_ms:
            raise PermissionDeniedError("ticket.outside_window", "the range leaves this ticket's window")


class TokenVerifier:
    """Verifies what auth signed. One for each process."""

    def __init__(self, keys: PublicKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._verified: OrderedDict[tuple[str, str], dict[str, Any]] = OrderedDict()

    async def access_token(self, token: str) -> AccessClaims:
        """Whom the token speaks for. Raises UnauthenticatedError, `auth.token_expired` for an expired one."""
        claims = await self._claims(token, ACCESS_TOKEN_TYP, ACCESS_TOKEN_AUDIENCE)
        self._require_unexpired(claims)
        return _access_claims(claims)

    async def access_claims(self, token: str) -> dict[str, Any]:
        """All that the token says (RFC 9068). Raises as `access_token` does."""
        claims = await self._claims(token, ACCESS_TOKEN_TYP, ACCESS_TOKEN_AUDIENCE)
        self._require_unexpired(claims)
        return claims

    async def ticket(self, token: str) -> TicketClaims:
        """The ticket's claims. Raises UnauthenticatedError when forged, ExpiredError once over."""
        claims = await self._claims(token, TICKET_TYP, TICKET_AUDIENCE)
        jwt.check_times(claims, self._clock.now_ms(), code="ticket.expired")
        start_ms, end_ms = claims.get("win") or (0, 0)
        return TicketClaims(
            ticket_id=claims["jti"],
            principal=claims["sub"],
            camera_uid=claims["cam"],
            action=claims["act"],
            window_start_ms=start_ms,
            window_end_ms=end_ms,
            expire_ms=claims["exp"] * 1000,
        )

    def _require_unexpired(self, claims: dict[str, Any]) -> None:
        try:
            jwt.check_times(claims, self._clock.now_ms(), code="auth.token_expired")
        except ExpiredError as error:
            raise UnauthenticatedError(error.code, "the access token has expired") from error

    async def _claims(self, token: str, typ: str, audience: str) -> dict[str, Any]:
        cached = self._verified.get((typ, token))
        if cached is not None:
            self._verified.move_to_end((typ, token))
            return cached
        key_id = jwt.read_header(token).get("kid")
        if not isinstance(key_id, str):
            raise UnauthenticatedError("auth.token_invalid", "the token names no key")
        keys = await self._keys.for_key_id(key_id)
        claims = jwt.decode(
            token, keys, algorithm=jwt.SIGNATURE, typ=typ, issuer=jwt.AUTH_ISSUER, audience=audience
        )
        jwt.check_begin(claims, self._clock.now_ms())
        self._verified[typ, token] = claims
        if len(self._verified) > CACHE_SIZE:
            self._verified.popitem(last=False)
        return claims


def _access_claims(claims: dict[str, Any]) -> AccessClaims:
    """Signed by auth, so what is there is of the right form."""
    principal, session_id = claims["sub"], claims.get("sid", "")
    client_id, acting = claims.get("client_id", ""), claims.get("act")
    if acting is None:
        return AccessClaims(principal, session_id, client_id=client_id)
    return AccessClaims(
        principal, session_id, acting["sub"], acting["unit"], acting["reason"], client_id=client_id
    )
