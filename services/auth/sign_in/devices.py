"""Set-top boxes sign in by a code that a person types elsewhere (RFC 8628)."""

import math
import secrets
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.changes import record_change
from services.auth.facts import read_facts
from services.auth.failures import Failures
from services.auth.model import Region
from services.auth.repository import clients, device_codes, principals
from services.auth.repository.device_codes import DeviceCode
from services.auth.repository.refresh_tokens import Way
from services.auth.rights import actor_of
from services.auth.sight import visible_regions
from services.auth.sign_in.account import require_person
from services.auth.tokens import Grant, Tokens, token_hash
from services.auth.validation import check_id, invalid
from snowlight.access.token import AccessClaims
from snowlight.clock import Clock
from snowlight.counted_address import counted_address
from snowlight.database import Database
from snowlight.errors import (
    FailedPreconditionError,
    NotFoundError,
    ResourceExhaustedError,
    UnauthenticatedError,
)

LIFETIME_S = 600
INTERVAL_S = 5
SLOWER_S = 5
MAX_WAITING = 10_000
MAX_OF_ADDRESS = 20
"""Codes an address, of IPv6 a /64, may ask for in five minutes."""
MAX_WRONG_CODES = 10
"""Codes a person may mistype in five minutes."""

_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"  # RFC 8628 section 6.1: no vowels, so no words
_LENGTH = 8
_REMEMBERED_MS = 600_000
"""How long an expired code is told to be that, rather than unknown."""


@dataclass(frozen=True, slots=True)
class WaitingDevice:
    """What a person is shown before they let a device in."""

    code: DeviceCode
    display_name: str
    regions: list[Region]
    """What it will be able to see."""


class DeviceSignIn:
    """Gives codes to devices, has persons decide, and lets those in that are approved."""

    def __init__(self, database: Database, tokens: Tokens, clock: Clock) -> None:
        self._database = database
        self._tokens = tokens
        self._clock = clock
        self._asked = Failures(MAX_OF_ADDRESS)
        self._mistyped = Failures(MAX_WRONG_CODES)

    async def begin(self, client_id: str, remote_address: str) -> tuple[str, DeviceCode]:
        """The device's own code, and what is kept of it.

        Raises UnauthenticatedError("auth.invalid_client") and ResourceExhaustedError.
        """
        check_id(client_id, "client_id")
        now_ms, now = self._clock.now_ms(), self._clock.monotonic()
        place = counted_address(remote_address)
        _require_turn(self._asked.wait_s(place, now), "too many codes asked for")
        self._asked.add(place, now)
        device_code = secrets.token_urlsafe(32)
        async with self._database.write() as connection:
            client = await clients.find(connection, client_id)
            if client is None or client.is_system:
                raise UnauthenticatedError("auth.invalid_client", "there is no such client for devices")
            await device_codes.remove_expired(connection, now_ms - _REMEMBERED_MS)
            if await device_codes.count(connection) >= MAX_WAITING:
                raise ResourceExhaustedError(
                    "auth.too_many_devices", "too many devices wait already", retry_after_s=60
                )
            while True:
                code = DeviceCode(
                    sha256=token_hash(device_code),
                    user_code="".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)),
                    client_id=client_id,
                    remote_address=remote_address,
                    create_ms=now_ms,
                    expire_ms=now_ms + LIFETIME_S * 1000,
                    interval_s=INTERVAL_S,
                    poll_ms=0,
                )
                if await device_codes.add(connection, code):
                    return device_code, code

    async def find(self, caller: AccessClaims, user_code: str) -> WaitingDevice:
        """What waits behind a user code. Raises NotFoundError, and ResourceExhaustedError for who guesses."""
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            principal = await require_person(connection, caller, now_ms)
            code = await self._waiting(connection, principal.name, user_code)
            client = await clients.find(connection, code.client_id)
            facts = await read_facts(connection, [principal.name], [], now_ms)
            visible = await visible_regions(connection, facts, principal, now_ms)
        return WaitingDevice(code, client.display_name if client else "", visible)

    async def decide(
        self, caller: AccessClaims, user_code: str, *, approve: bool, remote_address: str
    ) -> None:
        """Let the device in, in the caller's name, or turn it away. On record. Raises as `find` does."""
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            principal = await require_person(connection, caller, now_ms)
            code = await self._waiting(connection, principal.name, user_code)
            if not await device_codes.decide(
                connection, code.sha256, principal.principal_id, approved=approve
            ):
                raise _unknown()
            actor = actor_of(principal, caller, remote_address)
            verdict = "let in" if approve else "turned away"
            detail = f"a device of clients/{code.client_id} at {code.remote_address or 'unknown'} {verdict}"
            await record_change(connection, actor, "device.decide", detail, now_ms)

    async def poll(self, device_code: str, client_id: str, remote_address: str) -> Grant:
        """The device's tokens, once it is let in.

        Raises FailedPreconditionError with the codes of RFC 8628 section 3.5 ("auth.slow_down"), and
        UnauthenticatedError("auth.invalid_grant") for a code that is not one or was used.
        """
        if not device_code:
            raise invalid("device_code", "is required")
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            outcome = await self._poll(connection, token_hash(device_code), client_id, remote_address, now_ms)
        if isinstance(outcome, Grant):
            return outcome
        raise outcome  # only now: what was noted of the poll is committed

    async def remove_expired(self) -> None:
        """Forget codes that are over."""
        async with self._database.write() as connection:
            await device_codes.remove_expired(connection, self._clock.now_ms() - _REMEMBERED_MS)

    async def _poll(
        self, connection: AsyncConnection, sha256: bytes, client_id: str, remote_address: str, now_ms: int
    ) -> Grant | FailedPreconditionError | UnauthenticatedError:
        code = await device_codes.find(connection, sha256)
        if code is None or code.client_id != client_id:
            return UnauthenticatedError("auth.invalid_grant", "the device code is not valid")
        if now_ms >= code.expire_ms:
            return FailedPreconditionError("auth.expired_token", "the device code has expired")
        early = now_ms - code.poll_ms < code.interval_s * 1000
        interval_s = code.interval_s + (SLOWER_S if early else 0)
        await device_codes.note_poll(connection, sha256, poll_ms=now_ms, interval_s=interval_s)
        if early:
            return FailedPreconditionError("auth.slow_down", f"ask every {interval_s} seconds")
        if code.approved is None:
            return FailedPreconditionError("auth.authorization_pending", "nobody has decided yet")
        await device_codes.remove(connection, sha256)
        principal = await principals.find(connection, f"principals/{code.principal_id}")
        if not code.approved or principal is None or principal.disabled:
            return FailedPreconditionError("auth.access_denied", "the device was turned away")
        return await self._tokens.begin(
            connection, principal, Way.DEVICE, client_id=client_id, remote_address=remote_address
        )

    async def _waiting(self, connection: AsyncConnection, principal: str, user_code: str) -> DeviceCode:
        now = self._clock.monotonic()
        _require_turn(self._mistyped.wait_s(principal, now), "too many wrong codes")
        typed = "".join(character for character in user_code.upper() if character in _ALPHABET)
        code = await device_codes.find_by_user_code(connection, typed)
        if code is None or code.approved is not None or self._clock.now_ms() >= code.expire_ms:
            self._mistyped.add(principal, now)
            raise _unknown()
        return code


def spelled(user_code: str) -> str:
    """A user code as it is read out: "WDJB-MJHT"."""
    return f"{user_code[:4]}-{user_code[4:]}"


def _require_turn(wait_s: float, problem: str) -> None:
    if wait_s > 0:
        raise ResourceExhaustedError(
            "auth.too_many_attempts", f"{problem}, try again later", retry_after_s=math.ceil(wait_s)
        )


def _unknown() -> NotFoundError:
    return NotFoundError("auth.device_unknown", "no device waits behind this code", field="user_code")
