"""Who may make an export, know of one and take it along: auth decides, for each of its cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.gateway.peers import AUTH, CALL_TIMEOUT_S, STORAGE, Peers
from services.gateway.people.identity import Identity
from services.gateway.people.sight import Person
from services.gateway.viewing.desk import TicketDesk
from services.gateway.viewing.use import TicketUse
from snowlight.access.token import TicketClaims, TokenVerifier
from snowlight.api.auth.v1 import auth_pb2
from snowlight.api.storage.v1 import export_pb2
from snowlight.bounded import for_each
from snowlight.errors import NotFoundError
from snowlight.rpc.status import error_of, remote_errors

ASKED_AT_ONCE = 16
LONGEST_PURPOSE = 500


@dataclass(frozen=True, slots=True)
class Footage:
    """What is wanted of several cameras, and what for."""

    camera_uids: Sequence[str]
    start_ms: int
    end_ms: int
    purpose: str

    @classmethod
    def of(cls, export: export_pb2.Export) -> Footage:
        purpose = purpose_of(export.case_number, export.reason)
        return cls(tuple(export.camera_uids), export.start_ms, export.end_ms, purpose)


def purpose_of(case_number: str, reason: str) -> str:
    """What auth decides by and puts on record."""
    return f"{case_number}: {reason}"[:LONGEST_PURPOSE]


@dataclass(frozen=True, slots=True)
class Decided:
    """An export may be made."""

    claims: Sequence[TicketClaims]
    """What the right to each camera obliges to, in order."""
    exporter: export_pb2.Exporter
    """Who makes it."""


class ExportRights:
    """Asks by tickets: they tell what a right obliges to, and end when it does."""

    def __init__(self, peers: Peers, identity: Identity, verifier: TokenVerifier, desk: TicketDesk) -> None:
        self._peers = peers
        self._identity = identity
        self._verifier = verifier
        self._desk = desk

    async def decide(self, person: Person, footage: Footage) -> Decided:
        """On record, whichever way each camera goes.

        Raises PermissionDeniedError naming the first camera that may not be exported.
        """
        tickets = await self._tickets(person, footage)
        claims = [await self._verifier.ticket(each.ticket) for each in tickets]
        caller = await self._verifier.access_token(person.access_token)
        exporter = export_pb2.Exporter(
            person=caller.acting_person,
            unit=caller.acting_unit,
            organisation=tickets[0].organisation,
            incident=caller.acting_reason,
        )
        return Decided(claims, exporter)

    async def take(self, person: Person, footage: Footage) -> list[TicketUse]:
        """Tickets in use, one for each camera, on record. Raises as `decide`."""
        return [await self._desk.open(each.ticket) for each in await self._tickets(person, footage)]

    async def known(self, person: Person, name: str) -> export_pb2.Export:
        """The export, to who made it, and to who might have: may export all that is in it.

        Raises NotFoundError alike for one that is not and one that is nobody else's business.
        """
        with remote_errors(STORAGE):
            export = await self._peers.exports.GetExport(
                export_pb2.GetExportRequest(name=name), timeout=CALL_TIMEOUT_S
            )
        if not await self.may_know(person, export):
            raise NotFoundError("export.unknown", "there is no such export")
        return export

    async def may_know(self, person: Person, export: export_pb2.Export) -> bool:
        if export.created_by == person.name:
            return True
        footage = Footage.of(export)

        async def may(uid: str) -> bool:
            return await self._identity.may(
                person,
                "export",
                camera_uid=uid,
                window_ms=(footage.start_ms, footage.end_ms),
                purpose=footage.purpose,
            )

        return all(await for_each(footage.camera_uids, may, at_once=ASKED_AT_ONCE))

    async def _tickets(self, person: Person, footage: Footage) -> list[auth_pb2.Ticket]:
        requests = []
        for uid in footage.camera_uids:
            wanted = auth_pb2.CreateTicketRequest(camera_uid=uid, action="export", purpose=footage.purpose)
            wanted.start.FromMilliseconds(footage.start_ms)
            wanted.end.FromMilliseconds(footage.end_ms)
            requests.append(wanted)
        batch = auth_pb2.BatchCreateTicketsRequest(
            access_token=person.access_token, requests=requests, remote_address=person.address
        )
        with remote_errors(AUTH):
            answer = await self._peers.access.BatchCreateTickets(batch, timeout=CALL_TIMEOUT_S)
        for at, result in enumerate(answer.results):
            if result.HasField("problem"):
                problem = result.problem
                raise error_of(
                    problem.code, problem.reason, problem.detail, problem.field or f"cameras[{at}]"
                )
        return [result.ticket for result in answer.results]
