"""Makes clients, and gives them secrets and certificates."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.changes import record_change
from services.auth.model import Actor, Kind
from services.auth.repository import certificates, clients, principals, refresh_tokens
from services.auth.repository.certificates import KnownCertificate
from services.auth.repository.clients import Client, Secret
from services.auth.sign_in.certificates import check_subject, read_certificate
from services.auth.tokens import token_hash
from services.auth.validation import check_id, check_text, invalid
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import AlreadyExistsError, FailedPreconditionError, NotFoundError

MAX_CERTIFICATES = 10
MAX_KEEP_OLD_S = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Certificates:
    """What certificates prove a client: these, or all of a subject."""

    ends_ms: dict[str, int]
    """By fingerprint."""
    subject: str

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """In order."""
        return tuple(sorted(self.ends_ms))


def check_certificates(data: Sequence[bytes], subject: str) -> Certificates:
    """Raises InvalidArgumentError naming what is wrong."""
    if len(data) > MAX_CERTIFICATES:
        raise invalid("certificates", f"must be at most {MAX_CERTIFICATES}")
    read = [read_certificate(one, "certificates") for one in data]
    ends_ms = {one.fingerprint: one.valid_to_ms for one in read}
    return Certificates(ends_ms, check_subject(subject, "certificate_subject"))


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A client with its valid secrets, newest first, and the certificates known of it."""

    client: Client
    secrets: list[Secret]
    certificates: list[KnownCertificate]


class ClientDirectory:
    """Writes clients. Every change is on record under who asked for it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create(
        self, display_name: str, principal: str, shown: Certificates, by: Actor
    ) -> tuple[Client, str]:
        """The client, and its secret, which is kept nowhere; "" when certificates prove it, or nothing does.

        Raises InvalidArgumentError unless the principal is a system, AlreadyExistsError when it is a
        client's already, and FailedPreconditionError("auth.certificate_revoked").
        """
        display_name = check_text(display_name, "display_name", max_length=100, required=True)
        by_certificate = bool(shown.ends_ms or shown.subject)
        if by_certificate and not principal:
            raise invalid("principal", "is required: a set-top box has no certificate")
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            await _require_unrevoked(connection, shown)
            client = Client(
                client_id=secrets.token_hex(8),
                display_name=display_name,
                principal_id=await _principal_id(connection, principal) if principal else None,
                fingerprints=shown.fingerprints,
                subject=shown.subject,
                create_ms=now_ms,
            )
            if not await clients.add(connection, client):
                raise AlreadyExistsError(
                    "auth.client_exists", f"{principal} has a client already", field="principal"
                )
            await certificates.replace(connection, client.client_id, shown.ends_ms)
            secret = ""
            if client.is_system and not by_certificate:
                secret = await self._add_secret(connection, client.client_id, now_ms)
            what = f"for {principal}" if principal else "for set-top boxes"
            await record_change(connection, by, "client.create", f"{client.name} created {what}", now_ms)
        return client, secret

    async def page(self, after: str, limit: int) -> list[KnownClient]:
        """At most `limit` clients with ids behind `after`."""
        async with self._database.read() as connection:
            return await self._known(connection, await clients.page(connection, after, limit))

    async def rotate_secret(self, name: str, keep_old_s: int, by: Actor) -> str:
        """A further secret. Of the older ones, the newest goes on for `keep_old_s` seconds.

        Raises NotFoundError, and FailedPreconditionError for a set-top box, which keeps no secret.
        """
        if not 0 <= keep_old_s <= MAX_KEEP_OLD_S:
            raise invalid("keep_old_s", f"must be from 0 to {MAX_KEEP_OLD_S}")
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            client = await _find_system(connection, name)
            older = await clients.secrets_of(connection, client.client_id, now_ms)
            await clients.expire_secrets(
                connection,
                client.client_id,
                newest=older[0].sha256 if older and keep_old_s else None,
                expire_ms=now_ms + keep_old_s * 1000,
            )
            secret = await self._add_secret(connection, client.client_id, now_ms)
            await record_change(connection, by, "client.rotate_secret", f"{name} has a new secret", now_ms)
        return secret

    async def set_certificates(self, name: str, shown: Certificates, by: Actor) -> KnownClient:
        """Replace what certificates prove a system. Sessions that began with another one end.

        Raises NotFoundError and FailedPreconditionError.
        """
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            client = await _find_system(connection, name)
            await _require_unrevoked(connection, shown)
            # First: a sign-in that has seen the old ones is waited for, and its session ends here.
            await clients.set_certificates(connection, client.client_id, shown.fingerprints, shown.subject)
            await certificates.replace(connection, client.client_id, shown.ends_ms)
            await refresh_tokens.revoke_dropped(connection, client.client_id, shown.fingerprints, now_ms)
            detail = f"{name} has {len(shown.ends_ms)} certificates, subject {shown.subject!r}"
            await record_change(connection, by, "client.set_certificates", detail, now_ms)
            (known,) = await self._known(connection, [await _find(connection, name)])
            return known

    async def delete(self, name: str, by: Actor) -> None:
        """Forget a client and end its sessions. Raises NotFoundError."""
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            client = await _find(connection, name)
            await clients.remove(connection, client.client_id)
            await refresh_tokens.revoke_client(connection, client.client_id, now_ms)
            await record_change(connection, by, "client.delete", f"{name} deleted", now_ms)

    async def _known(self, connection: AsyncConnection, found: list[Client]) -> list[KnownClient]:
        ids = [client.client_id for client in found]
        valid = await clients.secrets_of_all(connection, ids, self._clock.now_ms())
        shown = await certificates.known_of(connection, ids)
        return [
            KnownClient(client, valid.get(client.client_id, []), shown.get(client.client_id, []))
            for client in found
        ]

    async def _add_secret(self, connection: AsyncConnection, client_id: str, now_ms: int) -> str:
        secret = secrets.token_urlsafe(32)
        kept = Secret(token_hash(secret), now_ms, None)
        await clients.add_secret(connection, client_id, kept)
        return secret


async def _principal_id(connection: AsyncConnection, name: str) -> str:
    principal = await principals.find(connection, name)
    if principal is None:
        raise NotFoundError("auth.principal_unknown", "there is no such principal", field="principal")
    if principal.kind is not Kind.SYSTEM:
        raise invalid("principal", "must be a system: create it with --kind system")
    return principal.principal_id


async def _find(connection: AsyncConnection, name: str) -> Client:
    prefix, _, client_id = name.partition("/")
    if prefix != "clients":
        raise invalid("name", 'must be "clients/{id}"')
    client = await clients.find(connection, check_id(client_id, "name"))
    if client is None:
        raise NotFoundError("auth.client_unknown", "there is no such client", field="name")
    return client


async def _find_system(connection: AsyncConnection, name: str) -> Client:
    client = await _find(connection, name)
    if not client.is_system:
        raise FailedPreconditionError(
            "auth.client_public", "a set-top box cannot keep a secret: its client has none", field="name"
        )
    return client


async def _require_unrevoked(connection: AsyncConnection, shown: Certificates) -> None:
    if await certificates.revoked(connection, shown.fingerprints):
        raise FailedPreconditionError(
            "auth.certificate_revoked",
            "one of the certificates is revoked: it proves nobody any more",
            field="certificates",
        )
