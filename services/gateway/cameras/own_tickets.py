"""One's own ticket: woken once it fell asleep, or ended."""

from __future__ import annotations

from aiohttp import web

from services.gateway.cameras.wanted import TICKET, ticket_json
from services.gateway.http.bodies import json_response, no_content, read_json, take_strings
from services.gateway.http.routes import Route
from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from services.gateway.people.identity import Identity
from services.gateway.viewing.desk import TicketDesk
from snowlight.access.token import TokenVerifier
from snowlight.api.auth.v1 import auth_pb2
from snowlight.rpc.status import remote_errors

_BODY = {"type": "object", "required": ["ticket"], "properties": {"ticket": {"type": "string"}}}


class OwnTicketRoutes:
    """For whom the ticket was made for. It is in the body: a path would be written to logs on the way."""

    def __init__(
        self,
        peers: Peers,
        identity: Identity,
        verifier: TokenVerifier,
        desk: TicketDesk,
    ) -> None:
        self._peers = peers
        self._identity = identity
        self._verifier = verifier
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                "/v1/tickets:revive",
                self.revive,
                "Wake a ticket that was not used for 30 minutes, by a fresh decision. Its paths work again.",
                body=_BODY,
                small_body=True,
                answer=TICKET,
                errors=(400, 401, 403, 410),
            ),
            Route(
                "POST",
                "/v1/tickets:revoke",
                self.revoke,
                "End a ticket or a share link of one's own, at once and for good.",
                body=_BODY,
                small_body=True,
                status=204,
                errors=(400, 401, 403, 410),
            ),
        )

    async def revive(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        (token,) = take_strings(await read_json(request), ("ticket",))
        claims = await self._verifier.ticket(token)
        wanted = auth_pb2.ReviveTicketRequest(
            ticket=token, access_token=person.access_token, remote_address=person.address
        )
        with remote_errors(AUTH):
            ticket = await self._peers.access.ReviveTicket(wanted, timeout=CALL_TIMEOUT_S)
        self._desk.doubt(token)
        return json_response(ticket_json(ticket, claims.action))

    async def revoke(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        (token,) = take_strings(await read_json(request), ("ticket",))
        await self._verifier.ticket(token)
        wanted = auth_pb2.RevokeTicketRequest(
            ticket=token, access_token=person.access_token, remote_address=person.address
        )
        with remote_errors(AUTH):
            await self._peers.access.RevokeTicket(wanted, timeout=CALL_TIMEOUT_S)
        self._desk.doubt(token)
        return no_content()
