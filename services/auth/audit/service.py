"""gRPC service `Audit`: who did what, told to those who may know it, and the proof that it is so."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from services.auth.audit import messages
from services.auth.audit.chain import day_name, day_of
from services.auth.audit.export import ExportRequest, Exports
from services.auth.audit.heads import HeadSigner
from services.auth.audit.linking import Linker
from services.auth.audit.places import Places, Sight
from services.auth.audit.sealing import Sealer
from services.auth.audit.sight import readable
from services.auth.audit.verification import Finding, Note, Told, Verification
from services.auth.changes import record_change
from services.auth.model import ADMINISTRATOR, Actor
from services.auth.repository import audit_heads, audit_links
from services.auth.repository.audit_links import Linked
from services.auth.rights import Rights, load_caller
from services.auth.validation import check_address, check_page_size, check_text, invalid, page_of
from snowlight.access.token import AccessClaims, TokenVerifier
from snowlight.api.auth.v1 import audit_pb2, audit_pb2_grpc
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import ResourceExhaustedError
from snowlight.rpc.caller import calling_service

MAX_LONG_CALLS = 4
MAX_KEPT_HEADS = 5000
_HEADS_AT_ONCE = 1000


class AuditService(audit_pb2_grpc.AuditServicer):
    """Tells. A person is whoever the access token in the request names."""

    def __init__(
        self,
        database: Database,
        places: Places,
        linker: Linker,
        sealer: Sealer,
        signer: HeadSigner,
        rights: Rights,
        verifier: TokenVerifier,
        clock: Clock,
    ) -> None:
        self._database = database
        self._places = places
        self._linker = linker
        self._sealer = sealer
        self._signer = signer
        self._rights = rights
        self._verifier = verifier
        self._clock = clock
        self._exports = Exports(database, linker, rights, places, clock)
        self._verification = Verification(database, signer, clock)
        self._long_calls = asyncio.Semaphore(MAX_LONG_CALLS)

    async def ListAuditRecords(  # noqa: N802
        self, request: audit_pb2.ListAuditRecordsRequest, context: Any
    ) -> audit_pb2.ListAuditRecordsResponse:
        size, behind = check_page_size(request.page_size), messages.key_in(request.page_token)
        wanted = messages.to_filter(request.filter)
        reader = await self._reader(request.reader)
        await self._linker.link()  # so that whoever was just told of something finds it on record
        async with self._database.read() as connection:
            sight: Sight | None = None
            if reader is not None:
                principal = await load_caller(connection, reader)
                sight = await readable(connection, self._rights, principal, self._places)
            found = await audit_links.page(connection, wanted, sight, behind, size + 1)
        return _page(found, size)

    async def ListOwnAuditRecords(  # noqa: N802
        self, request: audit_pb2.ListOwnAuditRecordsRequest, context: Any
    ) -> audit_pb2.ListAuditRecordsResponse:
        size, behind = check_page_size(request.page_size), messages.key_in(request.page_token)
        caller = await self._verifier.access_token(request.access_token)
        wanted = messages.to_own_filter(request, caller.principal)
        await self._linker.link()
        async with self._database.read() as connection:
            await load_caller(connection, caller)
            found = await audit_links.page(connection, wanted, None, behind, size + 1)
        return _page(found, size)

    async def ExportAuditRecords(  # noqa: N802
        self, request: audit_pb2.ExportAuditRecordsRequest, context: Any
    ) -> AsyncIterator[audit_pb2.ExportAuditRecordsResponse]:
        reader = request.reader
        wish = ExportRequest(
            filter=messages.to_filter(request.filter),
            caller=await self._reader(reader),
            acting_person=check_text(reader.acting_person, "acting_person", max_length=100),
            remote_address=check_address(reader.remote_address),
            purpose=check_text(request.purpose, "purpose", max_length=500),
        )
        async with self._one_of_few():
            async for piece in self._exports.run(wish):
                records = [messages.record_message(linked) for linked in piece if linked.record is not None]
                yield audit_pb2.ExportAuditRecordsResponse(records=records)

    async def GetAuditHead(  # noqa: N802
        self, request: audit_pb2.GetAuditHeadRequest, context: Any
    ) -> audit_pb2.AuditHead:
        today = day_of(self._clock.now_ms())
        day = messages.to_day(request.day, "day") if request.day else today
        if day > today:
            raise invalid("day", "must not lie in the future")
        head, signed = await self._sealer.head(day)
        return messages.head_message(head, signed, self._signer.public_jwk)

    async def ListAuditHeads(  # noqa: N802
        self, request: audit_pb2.ListAuditHeadsRequest, context: Any
    ) -> AsyncIterator[audit_pb2.AuditHead]:
        day = 0
        while True:
            async with self._database.read() as connection:
                heads = await audit_heads.from_day(connection, day, _HEADS_AT_ONCE)
            for signed in heads.values():
                yield messages.head_message(self._signer.check(signed), signed, self._signer.public_jwk)
            if len(heads) < _HEADS_AT_ONCE:
                return
            day = max(heads) + 1

    async def VerifyAudit(  # noqa: N802
        self, request: audit_pb2.VerifyAuditRequest, context: Any
    ) -> AsyncIterator[audit_pb2.VerifyAuditResponse]:
        from_day = messages.to_day(request.from_day, "from_day") if request.from_day else None
        to_day = messages.to_day(request.to_day, "to_day") if request.to_day else None
        if from_day is not None and to_day is not None and to_day < from_day:
            raise invalid("to_day", "must not be before from_day")
        if len(request.heads) > MAX_KEPT_HEADS:
            raise invalid("heads", f"must be at most {MAX_KEPT_HEADS}")
        async with self._one_of_few():
            await self._linker.link_all()
            async for told in self._verification.verify(from_day, to_day, request.heads):
                yield _told(told)

    async def RecordCommand(  # noqa: N802
        self, request: audit_pb2.RecordCommandRequest, context: Any
    ) -> audit_pb2.RecordCommandResponse:
        command = messages.to_command(request)
        async with self._database.write() as connection:
            await record_change(
                connection,
                Actor(ADMINISTRATOR, acting_person=command.acting_person),
                command.action,
                command.detail,
                self._clock.now_ms(),
                camera_uids=command.camera_uids or ("",),
                window=command.window,
                purpose=command.purpose,
            )
        return audit_pb2.RecordCommandResponse()

    async def _reader(self, reader: audit_pb2.AuditReader) -> AccessClaims | None:
        """Who reads; None for a service that reads everything."""
        match reader.WhichOneof("reader"):
            case "access_token":
                return await self._verifier.access_token(reader.access_token)
            case "whole" if reader.whole and calling_service() == ADMINISTRATOR:
                return None
            case _:
                raise invalid("reader", "is required: access_token or whole")

    def _one_of_few(self) -> asyncio.Semaphore:
        if self._long_calls.locked():
            raise ResourceExhaustedError(
                "audit.busy", f"{MAX_LONG_CALLS} exports or verifications run already", retry_after_s=30
            )
        return self._long_calls


def _page(found: list[Linked], size: int) -> audit_pb2.ListAuditRecordsResponse:
    shown, token = page_of(found, size, messages.key_of)
    return audit_pb2.ListAuditRecordsResponse(
        records=[messages.record_message(linked) for linked in shown if linked.record is not None],
        next_page_token=token,
    )


def _told(told: Told) -> audit_pb2.VerifyAuditResponse:
    if isinstance(told, Note):
        return audit_pb2.VerifyAuditResponse(note=told.text)
    if isinstance(told, Finding):
        finding = audit_pb2.AuditFinding(
            problem=told.problem,
            day=day_name(told.day),
            record_id=told.record_id,
            position=told.position,
            detail=told.detail,
        )
        return audit_pb2.VerifyAuditResponse(finding=finding)
    day = audit_pb2.AuditDay(
        day=day_name(told.day), records=told.records, sealed=told.sealed, dropped=told.dropped
    )
    return audit_pb2.VerifyAuditResponse(day=day)
