"""GET /ws."""

from __future__ import annotations

import asyncio

from aiohttp import web

from services.gateway.http.routes import Route
from services.gateway.live.opening import LiveOpening
from services.gateway.metrics import GatewayMetrics
from services.gateway.tickets import TicketCheck
from services.gateway.wall.socket import WallSocket


class WallRoutes:
    """Opens sockets, and closes them when the gateway stops."""

    def __init__(self, tickets: TicketCheck, opening: LiveOpening, metrics: GatewayMetrics) -> None:
        self._tickets = tickets
        self._opening = opening
        self._metrics = metrics
        self._open: set[WallSocket] = set()

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/ws",
                self.serve,
                "One WebSocket for the live pictures of a whole wall; docs/live.md tells its messages.",
                access="none",
                status=101,
                errors=(400,),
            ),
        )

    async def serve(self, request: web.Request) -> web.StreamResponse:
        wall = WallSocket(request, self._tickets, self._opening, self._metrics)
        self._open.add(wall)
        try:
            return await wall.run()
        finally:
            self._open.discard(wall)

    async def close(self, _site: web.Application) -> None:
        """Tell all clients that the gateway stops."""
        await asyncio.gather(*(wall.close() for wall in self._open))
