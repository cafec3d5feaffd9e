"""People's access tokens, verified once and then by cache, and stream tickets.

A cached verification still looks at expiry and revocation on every hit.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from snowlight.access import jwt
from snowlight.access.keys import PublicKeys
from snowlight.access.revocations import Revocations
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
    issue_ms: int = 0

    @property
    def names_person(self) -> bool:
        """A system said whom it acts for, their unit and the reason."""
        return bool(self.acting_person and self.acting_unit and self.acting_reason)


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
    issue_ms: int = 0
    session_id: str = ""
    """The sign-in that it came from (`sid`); empty for a share link, which outlives it."""
    grants: tuple[str, ...] = ()
    """Ids of the grants and consents that it rests on (`grt`)."""
    sponsor: str = ""
    """Of a share link: who answers for its guest (`spo`)."""
    max_viewers: int = 1
    """How many may watch with it at once (`vwr`)."""
    until_ms: int | None = None
    """When the first of what it rests on ends by itself: auth decides anew then (`til`)."""
    silent: bool = False
    """Its pictures are shown without the camera's sound (`obl`)."""
    marked: bool = False
    """Its pictures are shown with a mark of who looks (`obl`)."""

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

    def __init__(self, keys: PublicKeys, clock: Clock, revocations: Revocations | None = None) -> None:
        self._keys = keys
        self._clock = clock
        self._revocations = revocations
        self._verified: OrderedDict[str, tuple[dict[str, Any], AccessClaims]] = OrderedDict()

    async def access_token(self, token: str) -> AccessClaims:
        """Whom the token speaks for. Raises UnauthenticatedError, `auth.token_expired` for an expired one and
        `auth.session_revoked` for one whose session was ended."""
        return (await self._access(token))[1]

    async def access_claims(self, token: str) -> dict[str, Any]:
        """All that the token says (RFC 9068). Raises as `access_token` does."""
        return (await self._access(token))[0]

    async def _access(self, token: str) -> tuple[dict[str, Any], AccessClaims]:
        verified = self._verified.get(token)
        claims = (
            verified[0] if verified else await self._verify(token, ACCESS_TOKEN_TYP, ACCESS_TOKEN_AUDIENCE)
        )
        try:
            jwt.check_times(claims, self._clock.now_ms(), code="auth.token_expired")
        except ExpiredError as error:
            raise UnauthenticatedError(error.code, "the access token has expired") from error
        if verified is None:
            verified = self._verified[token] = claims, _access_claims(claims)
            if len(self._verified) > CACHE_SIZE:
                self._verified.popitem(last=False)
        else:
            self._verified.move_to_end(token)
        if self._revocations is not None and self._revocations.refuses(verified[1]):
            raise UnauthenticatedError("auth.session_revoked", "the session was ended, sign in again")
        return verified

    async def ticket(self, token: str) -> TicketClaims:
        """The ticket's claims, verified each time: who sees a ticket often keeps what it opens. Raises
        UnauthenticatedError when forged, ExpiredError once over."""
        claims = await self._verify(token, TICKET_TYP, TICKET_AUDIENCE)
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
            issue_ms=round(claims.get("iat", 0) * 1000),
            session_id=claims.get("sid", ""),
            grants=tuple(claims.get("grt", ())),
            sponsor=claims.get("spo", ""),
            max_viewers=claims.get("vwr", 1),
            until_ms=claims.get("til"),
            silent="silent" in claims.get("obl", ()),
            marked="watermark" in claims.get("obl", ()),
        )

    async def _verify(self, token: str, typ: str, audience: str) -> dict[str, Any]:
        key_id = jwt.read_header(token).get("kid")
        if not isinstance(key_id, str):
            raise UnauthenticatedError("auth.token_invalid", "the token names no key")
        keys = await self._keys.for_key_id(key_id)
        claims = jwt.decode(
            token, keys, algorithm=jwt.SIGNATURE, typ=typ, issuer=jwt.AUTH_ISSUER, audience=audience
        )
        jwt.check_begin(claims, self._clock.now_ms())
        return claims


def _access_claims(claims: dict[str, Any]) -> AccessClaims:
    """Signed by auth, so what is there is of the right form."""
    acting = claims.get("act") or {"sub": "", "unit": "", "reason": ""}
    return AccessClaims(
        principal=claims["sub"],
        session_id=claims.get("sid", ""),
        acting_person=acting["sub"],
        acting_unit=acting["unit"],
        acting_reason=acting["reason"],
        client_id=claims.get("client_id", ""),
        issue_ms=round(claims.get("iat", 0) * 1000),
    )
