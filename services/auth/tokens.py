"""Access and refresh tokens: the password and refresh_token grants of RFC 6749, revocation of RFC 7009."""

import hashlib
import secrets
from dataclasses import dataclass

import structlog

from services.auth.attempts import Attempts
from services.auth.model import Principal
from services.auth.passwords import MAX_LENGTH, Passwords
from services.auth.principals import normal_username
from services.auth.repository import principals, refresh_tokens
from services.auth.signing_keys import SigningKeys
from services.auth.validation import check_text, invalid
from snowlight.access.token import ACCESS_TOKEN_TYP
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import UnauthenticatedError

ACCESS_TOKEN_S = 600
REFRESH_IDLE_MS = 12 * 3_600_000
REFRESH_ABSOLUTE_MS = 30 * 86_400_000
REUSE_GRACE_MS = 10_000
"""How long a used-up refresh token is still taken: the answer to its first use may have been lost, and two
tabs of one browser, which share a cookie, may renew in the same moment."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a sign-in or a refresh hands out."""

    access_token: str
    refresh_token: str
    principal: Principal


class Tokens:
    """Issues and revokes tokens."""

    def __init__(
        self, database: Database, keys: SigningKeys, passwords: Passwords, attempts: Attempts, clock: Clock
    ) -> None:
        self._database = database
        self._keys = keys
        self._passwords = passwords
        self._attempts = attempts
        self._clock = clock

    async def sign_in(self, username: str, password: str, address: str) -> Grant:
        """Raises UnauthenticatedError("auth.invalid_grant"), the same whatever was wrong, and
        ResourceExhaustedError after too many failures.
        """
        username = normal_username(check_text(username, "username", max_length=64, required=True))
        if not password or len(password) > MAX_LENGTH:
            raise invalid("password", f"must have 1 to {MAX_LENGTH} characters")
        self._attempts.begin(username, address)
        async with self._database.read() as connection:
            found = await principals.find_credentials(connection, username)
        principal, password_hash = found or (None, None)
        fits = await self._passwords.verify(password, password_hash)
        if principal is None or not fits or principal.disabled:
            log.info("sign_in.refused", remote_address=address)
            raise UnauthenticatedError("auth.invalid_grant", "user name or password is wrong")
        self._attempts.succeeded(username, address)
        now_ms = self._clock.now_ms()
        family_id, refresh_token = secrets.token_urlsafe(12), secrets.token_urlsafe(32)
        async with self._database.write() as connection:
            await refresh_tokens.add_family(
                connection,
                family_id,
                principal.principal_id,
                create_ms=now_ms,
                expire_ms=now_ms + REFRESH_IDLE_MS,
            )
            await refresh_tokens.add(connection, family_id, _sha256(refresh_token))
        return Grant(self._access_token(principal), refresh_token, principal)

    async def refresh(self, refresh_token: str) -> Grant:
        """A new pair for the old refresh token, which is used up by it. Using it again ends its whole family.

        Raises UnauthenticatedError("auth.invalid_grant").
        """
        if not refresh_token:
            raise invalid("refresh_token", "is required")
        principal, successor = await self._rotate(_sha256(refresh_token))
        if principal is None:
            raise UnauthenticatedError("auth.invalid_grant", "the refresh token is not valid")
        return Grant(self._access_token(principal), successor, principal)

    async def revoke(self, refresh_token: str) -> None:
        """End the token's family; an unknown token is no error (RFC 7009 section 2.2)."""
        async with self._database.write() as connection:
            token = await refresh_tokens.find(connection, _sha256(refresh_token))
            if token is not None:
                await refresh_tokens.revoke_family(connection, token.family_id, self._clock.now_ms())

    async def remove_expired(self) -> None:
        """Forget families that have ended by time."""
        async with self._database.write() as connection:
            await refresh_tokens.remove_expired(connection, self._clock.now_ms())

    async def _rotate(self, token_sha256: bytes) -> tuple[Principal | None, str]:
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            token = await refresh_tokens.find(connection, token_sha256)
            if token is None or token.family_revoked or now_ms >= token.family_expire_ms:
                return None, ""
            if token.rotate_ms is not None and now_ms - token.rotate_ms > REUSE_GRACE_MS:
                await refresh_tokens.revoke_family(connection, token.family_id, now_ms)
                log.warning("refresh_token.reused", principal=f"principals/{token.principal_id}")
                return None, ""
            principal = await principals.find(connection, f"principals/{token.principal_id}")
            if principal is None or principal.disabled:
                return None, ""
            successor = secrets.token_urlsafe(32)
            await refresh_tokens.mark_rotated(connection, token_sha256, now_ms)
            await refresh_tokens.add(connection, token.family_id, _sha256(successor))
            await refresh_tokens.extend_family(
                connection,
                token.family_id,
                min(now_ms + REFRESH_IDLE_MS, token.family_create_ms + REFRESH_ABSOLUTE_MS),
            )
            return principal, successor

    def _access_token(self, principal: Principal) -> str:
        now_ms = self._clock.now_ms()
        issued = now_ms // 1000
        claims = {
            "sub": principal.name,
            "iat": now_ms / 1000,  # to the ms (RFC 7519, 2): a change of rights in the same second is older
            "exp": issued + ACCESS_TOKEN_S,
            "jti": secrets.token_urlsafe(12),
        }
        return self._keys.sign(claims, ACCESS_TOKEN_TYP)


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
