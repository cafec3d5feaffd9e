"""The methods of gRPC service `Access` that are about tickets."""

from dataclasses import dataclass
from typing import Any

from google.rpc import code_pb2

from services.auth.decision import Action
from services.auth.messages import to_ms
from services.auth.repository.tickets import Viewing
from services.auth.rights import check_action
from services.auth.tickets.office import TicketOffice
from services.auth.tickets.renewal import Renewal, Renewals, Renewed
from services.auth.tickets.request import LIFETIME_MS, IssuedTicket, TicketRequest, check_window
from services.auth.tickets.revival import OwnTickets
from services.auth.validation import check_address, check_id, check_text, invalid
from snowlight.access.token import AccessClaims, TokenVerifier
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from snowlight.clock import Clock
from snowlight.errors import PermissionDeniedError, SnowlightError

LARGEST_BATCH = 200
MOST_RENEWALS = 500
MOST_VIEWERS = 100
SHARED = frozenset({Action.LIVE, Action.PLAYBACK, Action.SNAPSHOT})
"""A guest may look. Evidence is for people with names."""

_Asked = auth_pb2.CreateTicketRequest | auth_pb2.CreateShareLinkRequest


@dataclass(frozen=True, slots=True)
class Tickets:
    """What the methods need."""

    office: TicketOffice
    own: OwnTickets
    renewals: Renewals


class TicketService(auth_pb2_grpc.AccessServicer):
    """Gives out, renews, wakes and ends tickets."""

    def __init__(self, tickets: Tickets, verifier: TokenVerifier, clock: Clock) -> None:
        self._tickets = tickets
        self._verifier = verifier
        self._clock = clock

    async def CreateTicket(  # noqa: N802
        self, request: auth_pb2.CreateTicketRequest, context: Any
    ) -> auth_pb2.Ticket:
        caller = await self._verifier.access_token(request.access_token)
        return (await self._tickets.office.create(_ticket_request(request, caller))).message()

    async def BatchCreateTickets(  # noqa: N802
        self, request: auth_pb2.BatchCreateTicketsRequest, context: Any
    ) -> auth_pb2.BatchCreateTicketsResponse:
        caller = await self._verifier.access_token(request.access_token)
        if not 1 <= len(request.requests) <= LARGEST_BATCH:
            raise invalid("requests", f"must be 1 to {LARGEST_BATCH}")
        wanted: list[TicketRequest | SnowlightError] = []
        for one in request.requests:
            one.remote_address = request.remote_address
            try:
                wanted.append(_ticket_request(one, caller))
            except SnowlightError as error:
                wanted.append(error)
        answers = iter(
            await self._tickets.office.create_all([one for one in wanted if isinstance(one, TicketRequest)])
        )
        return auth_pb2.BatchCreateTicketsResponse(
            results=[_result(one if isinstance(one, SnowlightError) else next(answers)) for one in wanted]
        )

    async def CreateShareLink(  # noqa: N802
        self, request: auth_pb2.CreateShareLinkRequest, context: Any
    ) -> auth_pb2.Ticket:
        caller = await self._verifier.access_token(request.access_token)
        wanted = _ticket_request(request, caller, share_until_ms=self._share_end(request))
        if caller.client_id and not caller.names_person:
            raise PermissionDeniedError("auth.device_live_only", "a set-top box shares nothing")
        if wanted.action not in SHARED:
            raise invalid("action", f"must be one of {', '.join(sorted(SHARED))} to be shared")
        check_text(request.purpose, "purpose", max_length=500, required=True)
        return (await self._tickets.office.create(wanted)).message()

    async def BatchRenewTickets(  # noqa: N802
        self, request: auth_pb2.BatchRenewTicketsRequest, context: Any
    ) -> auth_pb2.BatchRenewTicketsResponse:
        gateway = check_id(request.gateway, "gateway")
        if len(request.requests) > MOST_RENEWALS:
            raise invalid("requests", f"must be at most {MOST_RENEWALS}")
        if len({one.ticket_id for one in request.requests}) < len(request.requests):
            raise invalid("requests", "must not name a ticket twice")
        renewals = [_renewal(one) for one in request.requests]
        answers = await self._tickets.renewals.renew_all(gateway, renewals)
        return auth_pb2.BatchRenewTicketsResponse(responses=[_renewed(answer) for answer in answers])

    async def ReviveTicket(  # noqa: N802
        self, request: auth_pb2.ReviveTicketRequest, context: Any
    ) -> auth_pb2.Ticket:
        caller = await self._verifier.access_token(request.access_token)
        ticket = await self._verifier.ticket(request.ticket)
        address = check_address(request.remote_address)
        await self._tickets.own.revive(ticket, caller, address)
        return IssuedTicket(request.ticket, ticket.ticket_id, ticket.expire_ms).message()

    async def RevokeTicket(  # noqa: N802
        self, request: auth_pb2.RevokeTicketRequest, context: Any
    ) -> auth_pb2.RevokeTicketResponse:
        caller = await self._verifier.access_token(request.access_token)
        ticket = await self._verifier.ticket(request.ticket)
        address = check_address(request.remote_address)
        await self._tickets.own.revoke(ticket, caller, address)
        return auth_pb2.RevokeTicketResponse()

    def _share_end(self, request: auth_pb2.CreateShareLinkRequest) -> int:
        if not request.HasField("expire_time"):
            raise invalid("expire_time", "is required")
        until_ms, now_ms = to_ms(request.expire_time, "expire_time"), self._clock.now_ms()
        if not now_ms < until_ms <= now_ms + LIFETIME_MS:
            raise invalid("expire_time", "must lie within the next 12 hours")
        return until_ms


def _ticket_request(
    request: _Asked, caller: AccessClaims, share_until_ms: int | None = None
) -> TicketRequest:
    action = check_action(request.action)
    return TicketRequest(
        caller=caller,
        camera_uid=check_id(request.camera_uid, "camera_uid"),
        action=action,
        window=check_window(
            action,
            to_ms(request.start, "start") if request.HasField("start") else None,
            to_ms(request.end, "end") if request.HasField("end") else None,
        ),
        purpose=check_text(request.purpose, "purpose", max_length=500),
        remote_address=check_address(request.remote_address),
        share_until_ms=share_until_ms,
        continues=_continued(request),
    )


def _continued(request: _Asked) -> str:
    if isinstance(request, auth_pb2.CreateTicketRequest) and request.continues:
        return check_id(request.continues, "continues")
    return ""


def _result(answer: IssuedTicket | Exception) -> auth_pb2.TicketResult:
    if isinstance(answer, IssuedTicket):
        return auth_pb2.TicketResult(ticket=answer.message())
    if not isinstance(answer, SnowlightError):
        raise answer
    return auth_pb2.TicketResult(problem=problem_of(answer))


def problem_of(error: SnowlightError) -> auth_pb2.TicketProblem:
    """What is wrong with one of a batch."""
    return auth_pb2.TicketProblem(
        code=code_pb2.Code.Value(error.grpc_code.name),
        reason=error.code,
        detail=error.detail,
        field=error.field,
    )


def _renewal(request: auth_pb2.RenewTicketRequest) -> Renewal:
    for field in ("report", "watched_ms", "watched_bytes"):
        if getattr(request, field) < 0:
            raise invalid(field, "must not be negative")
    for field, values in (("viewers", request.viewers), ("refused_addresses", request.refused_addresses)):
        if len(values) > MOST_VIEWERS:
            raise invalid(field, f"must be at most {MOST_VIEWERS}")
    return Renewal(
        ticket_id=check_id(request.ticket_id, "ticket_id"),
        report=request.report,
        watched_ms=request.watched_ms,
        watched_bytes=request.watched_bytes,
        use_ms=to_ms(request.use_time, "use_time") if request.HasField("use_time") else 0,
        viewers=tuple(
            Viewing(one.viewer, to_ms(one.first_time, "viewers"), to_ms(one.last_time, "viewers"))
            for one in request.viewers
        ),
        refused_addresses=tuple(
            check_text(address, "refused_addresses", max_length=64) for address in request.refused_addresses
        ),
        finished=request.finished,
    )


def _renewed(answer: Renewed) -> auth_pb2.RenewTicketResponse:
    response = auth_pb2.RenewTicketResponse(
        refusal=answer.refusal,
        detail=answer.detail,
        refused_viewers=answer.refused_viewers,
        grants=answer.grants,
    )
    if answer.until_ms is not None:
        response.until_time.FromMilliseconds(answer.until_ms)
    return response
