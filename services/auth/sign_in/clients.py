"""Clients prove who they are, and systems sign in by that (RFC 6749 section 4.4, RFC 8705 section 2).

Guesses are not counted: a secret has 256 random bits.
"""

import hmac
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.repository import clients, principals
from services.auth.repository.clients import Client
from services.auth.sign_in.certificates import read_certificate
from services.auth.tokens import Acting, Grant, Tokens, token_hash
from services.auth.validation import check_text, invalid
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import UnauthenticatedError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client shows. `certificate` is DER, proved by the TLS handshake; empty for none."""

    client_id: str = ""
    secret: str = ""
    certificate: bytes = b""


class ClientSignIn:
    """Knows clients by their secrets and certificates."""

    def __init__(self, database: Database, tokens: Tokens, clock: Clock) -> None:
        self._database = database
        self._tokens = tokens
        self._clock = clock

    async def sign_in(self, credentials: Credentials, acting: Acting | None, remote_address: str) -> Grant:
        """A system's access token. Raises UnauthenticatedError("auth.invalid_client")."""
        async with self._database.write() as connection:
            client = await self.authenticate(connection, credentials)
            principal = await principals.find(connection, f"principals/{client.principal_id}")
            if principal is None or principal.disabled:
                log.info("client.refused", remote_address=remote_address)
                raise _refused()
            return await self._tokens.begin_of_client(
                connection, principal, client.client_id, acting, remote_address
            )

    async def authenticate(self, connection: AsyncConnection, credentials: Credentials) -> Client:
        """The client that showed a valid secret or certificate of its own; by its certificate alone, the one
        client that it proves.

        Raises UnauthenticatedError("auth.invalid_client"), the same whatever was wrong.
        """
        now_ms = self._clock.now_ms()
        if not credentials.client_id:
            if not credentials.certificate:
                raise invalid("client_id", "is required")
            return await _proved_by(connection, credentials, now_ms)
        client = await clients.find(connection, credentials.client_id)
        proved = (
            await self._has_secret(connection, credentials, now_ms)
            if credentials.secret
            else client is not None and _has_certificate(client, credentials, now_ms)
        )
        if client is None or not proved:
            raise _refused()
        return client

    async def identify(self, connection: AsyncConnection, credentials: Credentials) -> str:
        """The client's id, "" for none: proved for a system; a set-top box has nothing to prove it with.

        Raises UnauthenticatedError("auth.invalid_client").
        """
        if not credentials.client_id:
            return ""
        if credentials.secret or credentials.certificate:
            return (await self.authenticate(connection, credentials)).client_id
        client = await clients.find(connection, credentials.client_id)
        if client is None or client.is_system:
            raise _refused()
        return client.client_id

    async def _has_secret(self, connection: AsyncConnection, credentials: Credentials, now_ms: int) -> bool:
        shown = token_hash(credentials.secret)
        kept = await clients.secrets_of(connection, credentials.client_id, now_ms)
        return any(hmac.compare_digest(shown, secret.sha256) for secret in kept)


def check_acting(person: str, unit: str, reason: str) -> Acting | None:
    """The acting person; None when nothing is told of one. Raises InvalidArgumentError naming what is missing
    or too long."""
    fields = {"acting_person": (person, 64), "acting_unit": (unit, 100), "acting_reason": (reason, 200)}
    if not any(value for value, _ in fields.values()):
        return None
    checked = [
        check_text(value, field, max_length=length, required=True)
        for field, (value, length) in fields.items()
    ]
    return Acting(*checked)


async def _proved_by(connection: AsyncConnection, credentials: Credentials, now_ms: int) -> Client:
    proved = [
        client
        for client in await clients.with_certificates(connection)
        if _has_certificate(client, credentials, now_ms)
    ]
    if len(proved) != 1:
        raise _refused()
    return proved[0]


def _has_certificate(client: Client, credentials: Credentials, now_ms: int) -> bool:
    if not credentials.certificate:
        return False
    shown = read_certificate(credentials.certificate, "client_certificate")
    if not shown.valid_from_ms <= now_ms <= shown.valid_to_ms:
        return False
    return shown.fingerprint in client.fingerprints or (
        bool(client.subject) and shown.subject == client.subject
    )


def _refused() -> UnauthenticatedError:
    return UnauthenticatedError("auth.invalid_client", "the client's id, secret or certificate is wrong")
