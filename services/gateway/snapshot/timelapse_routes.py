"""A day in thumbnails, one each some minutes: GET /snapshot/{ticket}/timelapse.vtt and its sheets."""

from __future__ import annotations

from aiohttp import web

from services.gateway.http.instants import parse_range
from services.gateway.http.routes import Parameter, Route
from services.gateway.snapshot.preview_routes import (
    ERRORS,
    GROWING,
    SETTLED,
    open_unmarked,
    read_start,
    require_overlap,
)
from services.gateway.snapshot.sheets import Sheets
from services.gateway.snapshot.track import HEAD, cues
from services.gateway.tickets import TicketCheck
from services.gateway.viewing.sending import Sending
from snowlight.media.preview import LAPSE_MS

LONGEST_MS = 48 * 3_600_000
_INSTANT = {"type": "string", "format": "date-time"}


class TimelapseRoutes:
    """Shows thumbnails of a playback ticket's window, 160 x 90 each."""

    def __init__(self, tickets: TicketCheck, sheets: Sheets, sending: Sending) -> None:
        self._tickets = tickets
        self._sheets = sheets
        self._sending = sending

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/snapshot/{ticket}/timelapse-{start}.jpg",
                self.sheet,
                "Four hours from `start` (Unix seconds, a multiple of 14400): a picture of 160 x 90 each "
                "SNOWLIGHT_GATEWAY_THUMBNAIL_MINUTES, ten in a row.",
                access="ticket",
                answer_type="image/jpeg",
                errors=ERRORS,
            ),
            Route(
                "GET",
                "/snapshot/{ticket}/timelapse.vtt",
                self.track,
                "Which part of which sheet of thumbnails shows what: WebVTT, from `start` on.",
                access="ticket",
                parameters=(
                    Parameter("start", "Begin of the range; times count from here.", _INSTANT, required=True),
                    Parameter(
                        "end", "End of the range, 48 hours after start at most.", _INSTANT, required=True
                    ),
                ),
                answer_type="text/vtt",
                errors=(400, 401, 403, 404, 410, 503),
            ),
        )

    async def sheet(self, request: web.Request) -> web.StreamResponse:
        use = await open_unmarked(self._tickets, request)
        start_ms = read_start(request.match_info["start"], LAPSE_MS)
        require_overlap(use, start_ms, start_ms + LAPSE_MS)
        made = await self._sheets.take(use.claims, start_ms)
        await self._tickets.still(use)  # the right may have gone while this waited
        return await self._sending.send(
            request, use, made.data, "image/jpeg", SETTLED if made.settled else GROWING
        )

    async def track(self, request: web.Request) -> web.Response:
        use = await open_unmarked(self._tickets, request)
        start_ms, end_ms = parse_range(
            request.query.get("start"), request.query.get("end"), longest_ms=LONGEST_MS
        )
        use.claims.require_window(start_ms, end_ms)
        text = [HEAD]
        async for sheet in self._sheets.plans(use.claims, start_ms, end_ms):
            text += cues(sheet, start_ms, end_ms, "timelapse")
        await self._tickets.still(use)
        return web.Response(
            body="".join(text).encode(), content_type="text/vtt", headers={"Cache-Control": "no-cache"}
        )
