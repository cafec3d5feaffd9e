"""gRPC service `Revocations`."""

from collections.abc import AsyncIterator
from typing import Any

from services.auth.consent.ending import end_grant
from services.auth.messages import to_timestamp
from services.auth.model import ADMINISTRATOR, Actor, AuditRecord
from services.auth.repository import (
    audit,
    certificates,
    clients,
    principals,
    refresh_tokens,
    revocations,
    tickets,
)
from services.auth.repository.revocations import Kind, StoredRevocation
from services.auth.revocation.feed import RevocationFeed
from services.auth.sign_in.certificates import check_fingerprint
from services.auth.validation import check_id, check_text, invalid
from snowlight.api.auth.v1 import revocation_pb2, revocation_pb2_grpc
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import NotFoundError, UnavailableError

REVOCABLE = (Kind.SESSION, Kind.PRINCIPAL, Kind.CAMERA, Kind.GRANT, Kind.TICKET, Kind.CERTIFICATE)


class RevocationsService(revocation_pb2_grpc.RevocationsServicer):
    """Takes away, and tells what was taken away."""

    def __init__(self, database: Database, feed: RevocationFeed, clock: Clock) -> None:
        self._database = database
        self._feed = feed
        self._clock = clock

    async def WatchRevocations(  # noqa: N802
        self, request: revocation_pb2.WatchRevocationsRequest, context: Any
    ) -> AsyncIterator[revocation_pb2.WatchRevocationsResponse]:
        if request.sequence < 0:
            raise invalid("sequence", "must not be negative")
        async for news, sequence in self._feed.follow(request.sequence):
            for revocation in news:
                yield revocation_pb2.WatchRevocationsResponse(revoked=_message(revocation))
            yield revocation_pb2.WatchRevocationsResponse(synced=sequence)
        raise UnavailableError("auth.stopping", "the service is stopping")

    async def Revoke(  # noqa: N802
        self, request: revocation_pb2.RevokeRequest, context: Any
    ) -> revocation_pb2.Revocation:
        kind = _to_kind(request.kind)
        subject = _check_subject(kind, request.subject)
        reason = check_text(request.reason, "reason", max_length=500, required=True)
        ordered_by = check_text(request.ordered_by, "ordered_by", max_length=200, required=True)
        now_ms = self._clock.now_ms()
        record = AuditRecord(
            time_ms=now_ms,
            event="change",
            actor=Actor(principal=ADMINISTRATOR, acting_person=ordered_by),
            action="revoke",
            allowed=True,
            reason="auth.administrator",
            camera_uid=subject if kind is Kind.CAMERA else "",
            purpose=reason,
            ticket_id=subject if kind is Kind.TICKET else "",
            detail=f"{kind} {subject}",
        )
        async with self._database.write() as connection:
            await self._end(connection, kind, subject, now_ms)
            await audit.add(connection, record)
            if kind is Kind.PRINCIPAL:
                revocations.add(connection, Kind.SIGN_INS, subject, now_ms)
            revocations.add(connection, kind, subject, now_ms)
            *_, sequence = await revocations.tell(connection)
        return _message(StoredRevocation(sequence, kind, subject, now_ms))

    async def _end(self, connection: Any, kind: Kind, subject: str, now_ms: int) -> None:
        """A change of a principal or a camera only has their tickets decided anew: these here are over,
        whatever that decision would be."""
        match kind:
            case Kind.SESSION:
                await refresh_tokens.revoke_family(connection, subject, now_ms)
            case Kind.PRINCIPAL:
                if await principals.find(connection, subject) is None:
                    raise NotFoundError(
                        "auth.principal_unknown", "there is no such principal", field="subject"
                    )
                await refresh_tokens.revoke_principal(connection, subject.removeprefix("principals/"), now_ms)
                await tickets.revoke_of_principal(connection, subject, now_ms)
            case Kind.CAMERA:
                await tickets.revoke_of_camera(connection, subject, now_ms)
            case Kind.TICKET:
                await tickets.revoke(connection, [subject], now_ms)
            case Kind.GRANT:
                await end_grant(connection, subject, now_ms)  # tickets carry the ids of their grants
            case Kind.CERTIFICATE:
                await clients.lock_systems(connection)
                await certificates.revoke(connection, subject, now_ms)
                await refresh_tokens.revoke_certificate(connection, subject, now_ms)


def _to_kind(value: revocation_pb2.RevocationKind.ValueType) -> Kind:
    known = {int(revocation_pb2.RevocationKind.Value(kind.name)): kind for kind in REVOCABLE}
    if value not in known:
        raise invalid("kind", f"must be one of {', '.join(kind.name for kind in REVOCABLE)}")
    return known[value]


def _check_subject(kind: Kind, subject: str) -> str:
    if kind is Kind.PRINCIPAL:
        check_id(subject.removeprefix("principals/"), "subject")
        if not subject.startswith("principals/"):
            raise invalid("subject", 'must be "principals/{id}"')
        return subject
    if kind is Kind.CERTIFICATE:
        return check_fingerprint(subject, "subject")
    return check_id(subject, "subject")


def _message(revocation: StoredRevocation) -> revocation_pb2.Revocation:
    return revocation_pb2.Revocation(
        sequence=revocation.sequence,
        kind=revocation_pb2.RevocationKind.Value(revocation.kind.name),
        subject=revocation.subject,
        create_time=to_timestamp(revocation.create_ms),
    )
