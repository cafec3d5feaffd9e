"""The ticket in a media path, checked at every request."""

from __future__ import annotations

from aiohttp import web

from services.gateway.cameras.read_model import CameraModel
from snowlight.access.token import TicketClaims, TokenVerifier
from snowlight.errors import NotFoundError, PermissionDeniedError, UnauthenticatedError


class TicketCheck:
    """Opens a media path to who holds a ticket for it."""

    def __init__(self, verifier: TokenVerifier, cameras: CameraModel) -> None:
        self._verifier = verifier
        self._cameras = cameras

    async def claims(self, request: web.Request, *actions: str) -> TicketClaims:
        """What the ticket in the path opens.

        Raises UnauthenticatedError when it is forged or garbled, ExpiredError once it is over,
        PermissionDeniedError when it is for another action or its camera is gone.
        """
        claims = await self._verifier.ticket(request.match_info["ticket"])
        claims.require(*actions)
        if self._cameras.by_uid(claims.camera_uid) is None:
            raise PermissionDeniedError("ticket.camera_gone", "this ticket's camera is registered no more")
        return claims

    async def refuse(self, request: web.Request) -> web.Response:
        """Answers any other path under /hls/: 401 without a ticket that verifies, 404 with one."""
        ticket = request.match_info["rest"].partition("/")[0]
        if "." not in ticket or ticket.endswith((".m3u8", ".m4s", ".mp4")):
            raise UnauthenticatedError("ticket.missing", "a ticket is required: /hls/{ticket}/...")
        await self._verifier.ticket(ticket)
        raise NotFoundError("http.not_found", "there is nothing at this path")
