"""Tickets: the right to one camera's pictures, to be put into a URL."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from services.gateway.cameras.routes import CameraRoutes
from services.gateway.cameras.wanted import (
    ACTIONS,
    INSTANT,
    TICKET,
    WINDOW,
    read_window,
    ticket_json,
)
from services.gateway.http.bodies import json_response, read_json, refuse_unknown, take_strings
from services.gateway.http.instants import parse_instant
from services.gateway.http.problems import problem_json
from services.gateway.http.routes import Route
from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from services.gateway.people.identity import Identity
from services.gateway.people.sight import Person
from snowlight.access.revocations import Revocations
from snowlight.api.auth.v1 import auth_pb2
from snowlight.clock import Clock
from snowlight.errors import InvalidArgumentError, SnowlightError, UnavailableError
from snowlight.rpc.status import http_status_of, remote_errors

LARGEST_BATCH = 200

_WANTED = {"action": {"type": "string", "enum": list(ACTIONS)}, **WINDOW, "purpose": {"type": "string"}}
_BODY = {"type": "object", "required": ["action"], "properties": _WANTED}
_BATCH_BODY = {
    "type": "object",
    "required": ["requests"],
    "properties": {
        "requests": {
            "type": "array",
            "minItems": 1,
            "maxItems": LARGEST_BATCH,
            "items": {
                "type": "object",
                "required": ["camera", "action"],
                "properties": {
                    "camera": {"type": "string", "description": "cameras/{camera}"},
                    **_WANTED,
                },
            },
        }
    },
}
_BATCH_ANSWER = {
    "type": "object",
    "properties": {
        "tickets": {
            "type": "array",
            "description": "In the order of the requests.",
            "items": {
                "oneOf": [
                    TICKET,
                    {
                        "type": "object",
                        "properties": {"error": {"$ref": "#/components/schemas/Problem"}},
                    },
                ]
            },
        }
    },
}
_SHARE_BODY = {
    "type": "object",
    "required": ["action", "purpose", "expire_time"],
    "properties": {
        "action": {"type": "string", "enum": ["live", "playback", "snapshot"]},
        **WINDOW,
        "purpose": {"type": "string", "description": "Why the guest sees it; on record."},
        "expire_time": INSTANT | {"description": "When the link ends, 12 hours from now at most."},
    },
}


class TicketRoutes:
    """Asks auth for tickets in the caller's name."""

    def __init__(
        self,
        peers: Peers,
        identity: Identity,
        cameras: CameraRoutes,
        revocations: Revocations,
        clock: Clock,
    ) -> None:
        self._peers = peers
        self._identity = identity
        self._cameras = cameras
        self._revocations = revocations
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                "/v1/cameras/{camera}/tickets",
                self.create,
                "Get a ticket for a camera's pictures: live, or a window of the past.",
                body=_BODY,
                answer=TICKET,
                errors=(400, 401, 403, 404, 503),
            ),
            Route(
                "POST",
                "/v1/tickets:batchCreate",
                self.create_batch,
                "Get tickets for up to 200 cameras at once. A denial of one is none of the others.",
                body=_BATCH_BODY,
                answer=_BATCH_ANSWER,
                errors=(400, 401, 503),
            ),
            Route(
                "POST",
                "/v1/cameras/{camera}/shares",
                self.share,
                "Get a link for a guest, who may see for a while what the caller may see.",
                body=_SHARE_BODY,
                answer=TICKET,
                errors=(400, 401, 403, 404, 503),
            ),
        )

    async def create(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        self._require_feed()
        camera = await self._cameras.visible_camera(request, person)
        action, start, end, purpose = take_strings(
            await read_json(request), ("action",), ("start", "end", "purpose")
        )
        wanted = auth_pb2.CreateTicketRequest(
            access_token=person.access_token,
            camera_uid=camera.uid,
            action=action,
            purpose=purpose,
            remote_address=person.address,
        )
        read_window(wanted, start, end)
        with remote_errors(AUTH):
            ticket = await self._peers.access.CreateTicket(wanted, timeout=CALL_TIMEOUT_S)
        return json_response(ticket_json(ticket, action))

    async def create_batch(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        self._require_feed()
        read = [await self._read_one(item, person) for item in _items(await read_json(request))]
        wanted = [one for one in read if isinstance(one, auth_pb2.CreateTicketRequest)]
        results = iter(await self._create_all(wanted, person) if wanted else ())
        tickets = [
            _result_json(next(results), one.action)
            if isinstance(one, auth_pb2.CreateTicketRequest)
            else {"error": problem_json(one.http_status, one.code, one.detail, one.field)}
            for one in read
        ]
        return json_response({"tickets": tickets})

    async def share(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        self._require_feed()
        camera = await self._cameras.visible_camera(request, person)
        action, purpose, expire_time, start, end = take_strings(
            await read_json(request), ("action", "purpose", "expire_time"), ("start", "end")
        )
        wanted = auth_pb2.CreateShareLinkRequest(
            access_token=person.access_token,
            camera_uid=camera.uid,
            action=action,
            purpose=purpose,
            remote_address=person.address,
        )
        read_window(wanted, start, end)
        until_ms = parse_instant(expire_time, "expire_time")
        if until_ms <= self._clock.now_ms():
            raise InvalidArgumentError(
                "request.expire_time", "expire_time must be in the future", field="expire_time"
            )
        wanted.expire_time.FromMilliseconds(until_ms)
        with remote_errors(AUTH):
            ticket = await self._peers.access.CreateShareLink(wanted, timeout=CALL_TIMEOUT_S)
        return json_response(ticket_json(ticket, action))

    async def _read_one(self, item: Any, person: Person) -> auth_pb2.CreateTicketRequest | SnowlightError:
        try:
            if not isinstance(item, dict):
                raise InvalidArgumentError("request.type", "a request must be an object", field="requests")
            name, action, start, end, purpose = take_strings(
                item, ("camera", "action"), ("start", "end", "purpose")
            )
            camera = await self._cameras.visible(person, name)
            wanted = auth_pb2.CreateTicketRequest(camera_uid=camera.uid, action=action, purpose=purpose)
            read_window(wanted, start, end)
        except UnavailableError:
            raise
        except SnowlightError as error:
            return error
        return wanted

    async def _create_all(
        self, wanted: list[auth_pb2.CreateTicketRequest], person: Person
    ) -> list[auth_pb2.TicketResult]:
        batch = auth_pb2.BatchCreateTicketsRequest(
            access_token=person.access_token, requests=wanted, remote_address=person.address
        )
        with remote_errors(AUTH):
            answer = await self._peers.access.BatchCreateTickets(batch, timeout=CALL_TIMEOUT_S)
        return list(answer.results)

    def _require_feed(self) -> None:
        """Raises UnavailableError while a ticket would be of no use here: what is revoked is not heard."""
        if self._revocations.synced and self._clock.monotonic() >= self._revocations.stale_at:
            raise UnavailableError("ticket.feed_lost", "it is not known any more what was revoked")


def _items(body: dict[str, Any]) -> list[Any]:
    refuse_unknown(body, ("requests",))
    items = body.get("requests")
    if not isinstance(items, list) or not 1 <= len(items) <= LARGEST_BATCH:
        raise InvalidArgumentError(
            "request.requests", f"requests must be a list of 1 to {LARGEST_BATCH}", field="requests"
        )
    return items


def _result_json(result: auth_pb2.TicketResult, action: str) -> dict[str, Any]:
    if result.HasField("ticket"):
        return ticket_json(result.ticket, action)
    found = result.problem
    return {"error": problem_json(http_status_of(found.code), found.reason, found.detail, found.field)}
