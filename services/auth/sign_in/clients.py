"""Clients prove who they are, and systems sign in by that (RFC 6749 section 4.4, RFC 8705 section 2).

Guesses are not counted: a secret has 256 random bits.
"""

import hmac
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.repository import certificates, clients, principals
from services.auth.repository.clients import Client
from services.auth.sign_in.certificates import Certificate, read_certificate
from services.auth.tokens import Acting, Grant, Tokens, token_hash
from services.auth.validation import check_text, invalid
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import UnauthenticatedError

_FIELD = "client_certificate"

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
            certificate = await self._remember_shown(connection, client, credentials)
            if certificate:
                # Whoever takes the certificate away waits for this transaction, or has been waited for.
                client = await self.authenticate(connection, credentials)
            return await self._tokens.begin_of_client(
                connection, principal, client.client_id, acting, remote_address, certificate
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
            else client is not None
            and _is_proved(client, await _good_certificate(connection, credentials, now_ms))
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

    async def _remember_shown(
        self, connection: AsyncConnection, client: Client, credentials: Credentials
    ) -> str:
        """The fingerprint of what proved the client; "" for a secret."""
        if credentials.secret:
            return ""
        shown = read_certificate(credentials.certificate, _FIELD)
        await clients.keep_still(connection, client.client_id)
        await certificates.shown(
            connection,
            client.client_id,
            shown.fingerprint,
            end_ms=shown.valid_to_ms,
            now_ms=self._clock.now_ms(),
        )
        return shown.fingerprint

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
    shown = await _good_certificate(connection, credentials, now_ms)
    proved = [client for client in await clients.with_certificates(connection) if _is_proved(client, shown)]
    if len(proved) != 1:
        raise _refused()
    return proved[0]


async def _good_certificate(
    connection: AsyncConnection, credentials: Credentials, now_ms: int
) -> Certificate | None:
    """What was shown; None unless it is valid now and not revoked."""
    if not credentials.certificate:
        return None
    shown = read_certificate(credentials.certificate, _FIELD)
    if not shown.valid_from_ms <= now_ms <= shown.valid_to_ms:
        return None
    return None if await certificates.revoked(connection, [shown.fingerprint]) else shown


def _is_proved(client: Client, shown: Certificate | None) -> bool:
    return shown is not None and (
        shown.fingerprint in client.fingerprints or (bool(client.subject) and shown.subject == client.subject)
    )


def _refused() -> UnauthenticatedError:
    return UnauthenticatedError("auth.invalid_client", "the client's id, secret or certificate is wrong")
