"""GET /snapshot/{ticket}.jpg."""

from __future__ import annotations

from aiohttp import web

from services.gateway.http.instants import parse_instant
from services.gateway.http.routes import Parameter, Route
from services.gateway.snapshot.snapshots import Snapshots
from services.gateway.tickets import TicketCheck
from services.gateway.viewing.sending import Sending


class SnapshotRoutes:
    """Shows the newest picture, or the one of an instant in a ticket's window."""

    def __init__(self, tickets: TicketCheck, snapshots: Snapshots, sending: Sending) -> None:
        self._tickets = tickets
        self._snapshots = snapshots
        self._sending = sending

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/snapshot/{ticket}.jpg",
                self.read,
                "The newest picture, or the one of an instant.",
                access="ticket",
                parameters=(
                    Parameter(
                        "time",
                        "An instant in the window of a playback ticket; left out, with a ticket for live or "
                        "snapshot, the newest picture.",
                        {"type": "string", "format": "date-time"},
                    ),
                ),
                answer_type="image/jpeg",
                errors=(400, 401, 403, 404, 410, 429, 503),
            ),
        )

    async def read(self, request: web.Request) -> web.StreamResponse:
        time = request.query.get("time")
        if time is None:
            use = await self._tickets.open(request, "live", "snapshot")
            snapshot = await self._snapshots.newest(use)
        else:
            use = await self._tickets.open(request, "playback")
            snapshot = await self._snapshots.at(use, parse_instant(time, "time"))
        await self._tickets.still(use)  # the right may have gone while this waited
        return await self._sending.send(
            request, use, snapshot.jpeg, "image/jpeg", {"Cache-Control": "no-store"}
        )
