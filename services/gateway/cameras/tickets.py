"""Tickets: the right to one camera's pictures, to be put into a URL."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from services.gateway.cameras.routes import CameraRoutes
from services.gateway.http.bodies import json_response, read_json, take_strings
from services.gateway.http.edges import remote_address
from services.gateway.http.instants import format_instant, parse_range
from services.gateway.http.routes import Route
from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from services.gateway.people.identity import Identity
from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.rpc.status import remote_errors

ACTIONS = ("live", "playback", "snapshot", "export")
_PLAYLISTS = {"live": "live.m3u8", "playback": "vod.m3u8"}

_INSTANT = {"type": "string", "format": "date-time"}
_BODY = {
    "type": "object",
    "required": ["action"],
    "properties": {
        "action": {"type": "string", "enum": list(ACTIONS)},
        "start": _INSTANT | {"description": "Begin of the window; for playback and export alone."},
        "end": _INSTANT | {"description": "End of the window, 24 hours after start at most."},
        "purpose": {"type": "string"},
    },
}
_ANSWER = {
    "type": "object",
    "properties": {
        "ticket": {"type": "string"},
        "expire_time": _INSTANT,
        "urls": {"type": "object", "properties": {"hls": {"type": "string"}}},
    },
}


class TicketRoutes:
    """Asks auth for tickets in the caller's name."""

    def __init__(
        self, peers: Peers, identity: Identity, cameras: CameraRoutes, *, behind_proxy: bool
    ) -> None:
        self._peers = peers
        self._identity = identity
        self._cameras = cameras
        self._behind_proxy = behind_proxy

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                "/v1/cameras/{camera}/tickets",
                self.create,
                "Get a ticket for a camera's pictures: live, or a window of the past.",
                body=_BODY,
                answer=_ANSWER,
                errors=(400, 401, 403, 404),
            ),
        )

    async def create(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        camera = await self._cameras.visible_camera(request, person)
        action, start, end, purpose = take_strings(
            await read_json(request), ("action",), ("start", "end", "purpose")
        )
        wanted = auth_pb2.CreateTicketRequest(
            access_token=person.access_token,
            camera_uid=camera.uid,
            action=action,
            purpose=purpose,
            remote_address=remote_address(request, behind_proxy=self._behind_proxy),
        )
        _read_window(wanted, start, end)
        with remote_errors(AUTH):
            ticket = await self._peers.access.CreateTicket(wanted, timeout=CALL_TIMEOUT_S)
        return json_response(_ticket_json(ticket, action))


def _read_window(wanted: auth_pb2.CreateTicketRequest, start: str, end: str) -> None:
    if wanted.action not in ACTIONS:
        raise InvalidArgumentError(
            "request.action", f"action must be one of {', '.join(ACTIONS)}", field="action"
        )
    if wanted.action == "live":
        for text, field in ((start, "start"), (end, "end")):
            if text:
                raise InvalidArgumentError("request.window", f"a live ticket has no {field}", field=field)
        return
    if wanted.action == "snapshot" and not (start or end):
        return
    start_ms, end_ms = parse_range(start, end)
    wanted.start.FromMilliseconds(start_ms)
    wanted.end.FromMilliseconds(end_ms)


def _ticket_json(ticket: auth_pb2.Ticket, action: str) -> dict[str, Any]:
    urls = {"hls": f"/hls/{ticket.ticket}/{_PLAYLISTS[action]}"} if action in _PLAYLISTS else {}
    return {
        "ticket": ticket.ticket,
        "expire_time": format_instant(ticket.expire_time.ToMilliseconds()),
        "urls": urls,
    }
