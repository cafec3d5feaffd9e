"""The ticket in a media path, checked at every request."""

from __future__ import annotations

from aiohttp import web

from services.gateway.cameras.read_model import CameraModel
from services.gateway.http.edges import remote_address
from services.gateway.viewing.desk import TicketDesk
from services.gateway.viewing.use import TicketUse
from snowlight.access.token import TokenVerifier
from snowlight.errors import NotFoundError, PermissionDeniedError, UnauthenticatedError


class TicketCheck:
    """Opens a media path to who holds a ticket for it."""

    def __init__(
        self, verifier: TokenVerifier, desk: TicketDesk, cameras: CameraModel, *, behind_proxy: bool
    ) -> None:
        self._verifier = verifier
        self._desk = desk
        self._cameras = cameras
        self._behind_proxy = behind_proxy

    async def open(self, request: web.Request, *actions: str) -> TicketUse:
        """The ticket in the path, in use by who asks. Raises as `open_token`."""
        return await self.open_token(request.match_info["ticket"], request, *actions)

    async def open_token(self, token: str, request: web.Request, *actions: str) -> TicketUse:
        """The ticket, in use by whoever made the request.

        Raises UnauthenticatedError when it is forged or garbled, ExpiredError once it is over or asleep,
        PermissionDeniedError when it was revoked or is for another action, when its camera is gone, and when
        too many use it already.
        """
        use = self._desk.warm(token) or await self._desk.open(token)
        use.claims.require(*actions)
        self._admit(use, request)
        return use

    def holds(self, token: str) -> bool:
        """Whether the ticket is still good, as far as can be told without asking anybody."""
        return self._desk.warm(token) is not None

    def watches(self, token: str, request: web.Request) -> bool:
        """Whether whoever made the request watches on with the ticket, told in the same way."""
        use = self._desk.warm(token)
        if use is None:
            return False
        try:
            self._admit(use, request)
        except PermissionDeniedError:
            return False
        return True

    def _admit(self, use: TicketUse, request: web.Request) -> None:
        if self._cameras.by_uid(use.claims.camera_uid) is None:
            raise PermissionDeniedError("ticket.camera_gone", "this ticket's camera is registered no more")
        address = remote_address(request, behind_proxy=self._behind_proxy)
        self._desk.admit(use, address, request.headers.get("User-Agent", ""))

    async def still(self, use: TicketUse) -> None:
        """The ticket that a request was let in with, after it has waited for something. Raises as `open`."""
        await self._desk.settle(use)

    async def refuse(self, request: web.Request) -> web.Response:
        """Answers any other path under /hls/: 401 without a ticket that verifies, 404 with one."""
        ticket = request.match_info["rest"].partition("/")[0]
        if "." not in ticket or ticket.endswith((".m3u8", ".m4s", ".mp4", ".ts")):
            raise UnauthenticatedError("ticket.missing", "a ticket is required: /hls/{ticket}/...")
        await self._verifier.ticket(ticket)
        raise NotFoundError("http.not_found", "there is nothing at this path")
