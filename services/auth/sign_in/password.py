"""Signing in with a password (RFC 6749 section 4.3), and changing one's own."""

import secrets

import structlog

from services.auth.attempts import Attempts, Origin, device_name
from services.auth.changes import record_change
from services.auth.model import Kind, Principal
from services.auth.passwords import MAX_LENGTH, Passwords, check_password
from services.auth.principals import normal_username
from services.auth.repository import known_origins, principals, refresh_tokens
from services.auth.repository.refresh_tokens import Way
from services.auth.rights import actor_of
from services.auth.sign_in.account import require_person
from services.auth.tokens import Grant, Tokens
from services.auth.validation import check_text, invalid
from snowlight.access.token import AccessClaims
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import PermissionDeniedError, UnauthenticatedError

log = structlog.get_logger(__name__)

_MAX_DEVICE_KEY = 64


class PasswordSignIn:
    """Checks passwords, slowing down who guesses."""

    def __init__(
        self, database: Database, tokens: Tokens, passwords: Passwords, attempts: Attempts, clock: Clock
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._passwords = passwords
        self._attempts = attempts
        self._clock = clock

    async def sign_in(self, username: str, password: str, origin: Origin, new_password: str = "") -> Grant:
        """Begin a session. A temporary password begins one only together with a `new_password`, which takes
        its place.

        Raises UnauthenticatedError("auth.invalid_grant"), the same whatever was wrong, ResourceExhaustedError
        after too many failures, and for a temporary password PermissionDeniedError
        ("auth.password_must_change") or InvalidArgumentError("new_password").
        """
        username = normal_username(check_text(username, "username", max_length=64, required=True))
        _check_typed(password, "password")
        if len(origin.device_key) > _MAX_DEVICE_KEY:
            raise invalid("device_key", "is not one that was given out")
        now_ms = self._clock.now_ms()
        async with self._database.read() as connection:
            found = await principals.find_credentials(connection, username)
            known_as = await known_origins.known(connection, username, origin.names, now_ms)
        principal, password_hash = found or (None, "")
        if principal is not None and principal.kind is Kind.SYSTEM:
            principal = None  # it has no password, which nobody learns from the time that takes
        self._attempts.begin(username, origin.place, known_as)
        hashed = password_hash if principal else None
        fits = await self._passwords.verify(password, hashed, expected=bool(known_as))
        if principal is None or not fits or principal.disabled:
            log.info("sign_in.refused", remote_address=origin.address)
            raise UnauthenticatedError("auth.invalid_grant", "user name or password is wrong")
        self._attempts.succeeded(username, origin.place, known_as)
        new_hash = await self._chosen(principal, password, new_password)
        device_key = origin.device_key if known_as.startswith("device/") else secrets.token_urlsafe(16)
        async with self._database.write() as connection:
            # A password that was replaced while this one was hashed begins no session.
            now_found = await principals.find_credentials(connection, username, lock=True)
            if now_found is None or now_found[1] != password_hash or now_found[0].disabled:
                raise UnauthenticatedError("auth.invalid_grant", "user name or password is wrong")
            principal = now_found[0]
            if new_hash:
                await principals.set_password_hash(connection, principal.principal_id, new_hash)
                actor = actor_of(principal, None, origin.address)
                await record_change(
                    connection, actor, "password.change", "temporary password changed", now_ms
                )
            await known_origins.remember(
                connection,
                principal.principal_id,
                [device_name(device_key), f"address/{origin.place}"],
                now_ms,
            )
            grant = await self._tokens.begin(
                connection, principal, Way.PASSWORD, remote_address=origin.address
            )
        return Grant(grant.access_token, grant.expires_in_s, grant.refresh_token, grant.principal, device_key)

    async def _chosen(self, principal: Principal, temporary: str, new: str) -> str:
        """The hash of what takes a temporary password's place; "" where the password is the person's own."""
        if not principal.must_change:
            if new:
                raise invalid("new_password", "is for a temporary password: change yours when signed in")
            return ""
        if not new:
            raise PermissionDeniedError(
                "auth.password_must_change",
                "this password is temporary: choose your own",
                field="new_password",
            )
        check_password(new, principal.username, "new_password")
        if new == temporary:
            raise invalid("new_password", "must be another one")
        return await self._passwords.hash(new)

    async def change(self, caller: AccessClaims, current: str, new: str, remote_address: str) -> None:
        """Replace the caller's own password. Their other sessions end; this one goes on.

        Raises PermissionDeniedError("auth.wrong_password"), and ResourceExhaustedError after too many of
        them: an access token must not be enough to guess the password.
        """
        _check_typed(current, "current_password")
        async with self._database.read() as connection:
            principal = await require_person(connection, caller, self._clock.now_ms())
            found = await principals.find_credentials(connection, principal.username)
        password_hash = found[1] if found else ""
        if not password_hash:
            raise PermissionDeniedError("auth.no_password", "this account signs in without a password")
        session = f"session/{caller.session_id}"
        self._attempts.begin(principal.username, "", session)
        if not await self._passwords.verify(current, password_hash, expected=True):
            raise PermissionDeniedError("auth.wrong_password", "the current password is wrong")
        self._attempts.succeeded(principal.username, "", session)
        check_password(new, principal.username)
        new_hash = await self._passwords.hash(new)
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            await require_person(connection, caller, now_ms)  # ended meanwhile, it changes nothing any more
            await principals.set_password_hash(connection, principal.principal_id, new_hash)
            ended = await refresh_tokens.revoke_principal(
                connection, principal.principal_id, now_ms, but=caller.session_id
            )
            actor = actor_of(principal, caller, remote_address)
            detail = f"own password changed, {len(ended)} other sessions ended"
            await record_change(connection, actor, "password.change", detail, now_ms)


def _check_typed(password: str, field: str) -> None:
    if not password or len(password) > MAX_LENGTH:
        raise invalid(field, f"must have 1 to {MAX_LENGTH} characters")
