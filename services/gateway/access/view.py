"""One call that shows pictures: a ticket of auth in the officer's name, used by this call alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.gateway.access.officers import Officer
from services.gateway.cameras.read_model import CameraModel
from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from services.gateway.viewing.desk import TicketDesk
from services.gateway.viewing.use import TicketUse
from snowlight.api.auth.v1 import auth_pb2
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import InvalidArgumentError, PermissionDeniedError
from snowlight.rpc.status import remote_errors

LONGEST_PURPOSE = 200
"""Characters that a call may say beside the officer's incident."""
_AGENT = "access.v1"
_WANTS_OFFICER = frozenset({"auth.incident_required", "auth.acting_person_required"})
"""Why auth refuses what is asked in nobody's name."""


class View:
    """What a call may show, and for how long."""

    def __init__(self, desk: TicketDesk, cameras: CameraModel, address: str, use: TicketUse) -> None:
        """`address`: whence it is watched."""
        self._desk = desk
        self._cameras = cameras
        self._address = address
        self.use = use

    async def still(self) -> None:
        """Raises PermissionDeniedError once the right was taken away, and ExpiredError when it has ended."""
        await self._desk.settle(self.use)
        if self._cameras.by_uid(self.use.claims.camera_uid) is None:
            raise PermissionDeniedError("ticket.camera_gone", "this camera is registered no more")
        self._desk.admit(self.use, self._address, _AGENT)
        self._desk.goes_on(self.use)


class Views:
    """Asks auth for the right to each."""

    def __init__(self, peers: Peers, desk: TicketDesk, cameras: CameraModel) -> None:
        self._peers = peers
        self._desk = desk
        self._cameras = cameras

    @asynccontextmanager
    async def begun(
        self,
        officer: Officer,
        camera: camera_pb2.Camera,
        action: str,
        purpose: str,
        window_ms: tuple[int, int] | None = None,
        continues: str = "",
    ) -> AsyncIterator[View]:
        """Inside, `officer` may see it as far as `View.still` does not raise. On record either way.
        `continues`: the id of the ticket of a call that broke off, in whose place this one comes.

        Raises InvalidArgumentError("purpose"), PermissionDeniedError with auth's reason, and
        "access.officer_missing" for what nobody may see without saying who they are.
        """
        if camera.ownership == camera_pb2.HOUSEHOLD:
            officer.require_named()
        wanted = auth_pb2.CreateTicketRequest(
            access_token=officer.person.access_token,
            camera_uid=camera.uid,
            action=action,
            purpose=purpose_of(officer, purpose),
            remote_address=officer.person.address,
            continues=continues,
        )
        if window_ms is not None:
            wanted.start.FromMilliseconds(window_ms[0])
            wanted.end.FromMilliseconds(window_ms[1])
        try:
            with remote_errors(AUTH):
                ticket = await self._peers.access.CreateTicket(wanted, timeout=CALL_TIMEOUT_S)
        except PermissionDeniedError as error:
            if error.code in _WANTS_OFFICER:
                officer.require_named()
            raise
        if ticket.watermark:
            raise PermissionDeniedError("access.marked", "this right is for pictures that bear a mark")
        use = await self._desk.open(ticket.ticket)
        try:
            view = View(self._desk, self._cameras, officer.person.address, use)
            await view.still()
            yield view
        finally:
            self._desk.leave(use)


def purpose_of(officer: Officer, said: str) -> str:
    """What goes on record: the incident, and what the call says of it. Raises InvalidArgumentError."""
    if len(said) > LONGEST_PURPOSE:
        raise InvalidArgumentError(
            "request.purpose", f"purpose must have at most {LONGEST_PURPOSE} characters", field="purpose"
        )
    return ": ".join(filter(None, (officer.incident, said.strip())))
