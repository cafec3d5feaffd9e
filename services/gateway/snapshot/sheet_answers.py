"""A sheet of small pictures, and the track that says what its parts show."""

from __future__ import annotations

import re

from aiohttp import web

from services.gateway.http.instants import parse_range
from services.gateway.http.routes import Parameter
from services.gateway.snapshot.sheets import Sheets
from services.gateway.snapshot.track import HEAD, cues
from services.gateway.snapshot.unmarked import require_unmarked
from services.gateway.tickets import TicketCheck
from services.gateway.viewing.sending import Sending
from services.gateway.viewing.use import TicketUse
from snowlight.errors import InvalidArgumentError, PermissionDeniedError

LONGEST_MS = 48 * 3_600_000
_START = re.compile(r"[0-9]{1,11}")
_INSTANT = {"type": "string", "format": "date-time"}
RANGE = (
    Parameter("start", "Begin of the range; times count from here.", _INSTANT, required=True),
    Parameter("end", "End of the range, 48 hours after start at most.", _INSTANT, required=True),
)
ERRORS = (400, 401, 403, 404, 410, 429, 503)
SETTLED = {"Cache-Control": "private, max-age=600"}
GROWING = {"Cache-Control": "private, max-age=5"}


class SheetAnswers:
    """To playback tickets whose pictures need no mark."""

    def __init__(
        self, tickets: TicketCheck, sheets: Sheets, sending: Sending, *, sheet_ms: int, name: str
    ) -> None:
        """`sheet_ms`: how long a sheet is. `name`: with which the URLs of sheets begin."""
        self._tickets = tickets
        self._sheets = sheets
        self._sending = sending
        self._sheet_ms = sheet_ms
        self._name = name

    async def sheet(self, request: web.Request) -> web.StreamResponse:
        """The one that begins at `start` of the path."""
        use = await open_unmarked(self._tickets, request)
        start_ms = _read_start(request.match_info["start"], self._sheet_ms)
        _require_overlap(use, start_ms, start_ms + self._sheet_ms)
        made = await self._sheets.take(use.claims, start_ms)
        await self._tickets.still(use)  # the right may have gone while this waited
        headers = SETTLED if made.settled else GROWING
        return await self._sending.send(request, use, made.data, "image/jpeg", headers)

    async def track(self, request: web.Request) -> web.Response:
        """WebVTT of a range."""
        use = await open_unmarked(self._tickets, request)
        start_ms, end_ms = parse_range(
            request.query.get("start"), request.query.get("end"), longest_ms=LONGEST_MS
        )
        use.claims.require_window(start_ms, end_ms)
        text = [HEAD]
        async for sheet in self._sheets.plans(use.claims, start_ms, end_ms):
            text += cues(sheet, start_ms, end_ms, self._name)
        await self._tickets.still(use)
        return web.Response(
            body="".join(text).encode(), content_type="text/vtt", headers={"Cache-Control": "no-cache"}
        )


async def open_unmarked(tickets: TicketCheck, request: web.Request) -> TicketUse:
    """A playback ticket whose pictures need no mark. Raises what `TicketCheck.open` does, and
    PermissionDeniedError."""
    use = await tickets.open(request, "playback")
    require_unmarked(use)
    return use


def _read_start(text: str, sheet_ms: int) -> int:
    """When a sheet begins, ms since 1970 UTC. Raises InvalidArgumentError("start")."""
    if not _START.fullmatch(text) or int(text) * 1000 % sheet_ms:
        raise InvalidArgumentError(
            "request.start", f"start must be Unix seconds, a multiple of {sheet_ms // 1000}", field="start"
        )
    return int(text) * 1000


def _require_overlap(use: TicketUse, start_ms: int, end_ms: int) -> None:
    """Raises PermissionDeniedError when nothing of [start_ms, end_ms) lies in the ticket's window."""
    if start_ms >= use.claims.window_end_ms or end_ms <= use.claims.window_start_ms:
        raise PermissionDeniedError(
            "ticket.outside_window", "nothing of the sheet lies in the ticket's window"
        )
