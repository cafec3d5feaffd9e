"""Small pictures for whoever scrubs: GET /snapshot/{ticket}/preview.jpg, sheets and their index."""

from __future__ import annotations

import re

from aiohttp import web

from services.gateway.http.instants import parse_instant, parse_range
from services.gateway.http.routes import Parameter, Route
from services.gateway.snapshot.key_frames import KeyFrames
from services.gateway.snapshot.sheets import Sheets
from services.gateway.snapshot.track import HEAD, cues
from services.gateway.snapshot.unmarked import require_unmarked
from services.gateway.tickets import TicketCheck
from services.gateway.viewing.sending import Sending
from services.gateway.viewing.use import TicketUse
from snowlight.errors import InvalidArgumentError, PermissionDeniedError
from snowlight.media.preview import SHEET_MS, SHEETS_KEPT_MS

_START = re.compile(r"[0-9]{1,11}")
_INSTANT = {"type": "string", "format": "date-time"}
ERRORS = (400, 401, 403, 404, 410, 429, 503)
SETTLED = {"Cache-Control": "private, max-age=600"}
GROWING = {"Cache-Control": "private, max-age=5"}


class PreviewRoutes:
    """Shows key frames of a playback ticket's window, 160 x 90 each."""

    def __init__(self, tickets: TicketCheck, key_frames: KeyFrames, sheets: Sheets, sending: Sending) -> None:
        self._tickets = tickets
        self._key_frames = key_frames
        self._sheets = sheets
        self._sending = sending

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/snapshot/{ticket}/preview.jpg",
                self.preview,
                "The key frame at or before an instant, 160 x 90.",
                access="ticket",
                parameters=(
                    Parameter("time", "An instant in the ticket's window.", _INSTANT, required=True),
                ),
                answer_type="image/jpeg",
                errors=ERRORS,
            ),
            Route(
                "GET",
                "/snapshot/{ticket}/sheet-{start}.jpg",
                self.sheet,
                "Ten minutes from `start` (Unix seconds, a multiple of 600): 10 x 6 pictures of 160 x 90, "
                "one for every 10 s.",
                access="ticket",
                answer_type="image/jpeg",
                errors=ERRORS,
            ),
            Route(
                "GET",
                "/snapshot/{ticket}/previews.vtt",
                self.track,
                "Which part of which sheet shows what: WebVTT, from `start` on.",
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

    async def preview(self, request: web.Request) -> web.StreamResponse:
        use = await open_unmarked(self._tickets, request)
        time = request.query.get("time")
        if not time:
            raise InvalidArgumentError("request.required", "time is required", field="time")
        instant_ms = parse_instant(time, "time")
        use.claims.require_window(instant_ms, instant_ms + 1)
        key_frame = await self._key_frames.before(use.claims.camera_uid, instant_ms)
        data = await self._key_frames.preview(key_frame)
        await self._tickets.still(use)  # the right may have gone while this waited
        headers = GROWING if key_frame.recording.store is None else SETTLED
        return await self._sending.send(request, use, data, "image/jpeg", headers)

    async def sheet(self, request: web.Request) -> web.StreamResponse:
        use = await open_unmarked(self._tickets, request)
        start_ms = read_start(request.match_info["start"], SHEET_MS)
        require_overlap(use, start_ms, start_ms + SHEET_MS)
        made = await self._sheets.take(use.claims, start_ms)
        await self._tickets.still(use)
        headers = SETTLED if made.settled else GROWING
        return await self._sending.send(request, use, made.data, "image/jpeg", headers)

    async def track(self, request: web.Request) -> web.Response:
        use = await open_unmarked(self._tickets, request)
        start_ms, end_ms = parse_range(
            request.query.get("start"), request.query.get("end"), longest_ms=SHEETS_KEPT_MS
        )
        use.claims.require_window(start_ms, end_ms)
        text = [HEAD]
        async for sheet in self._sheets.plans(use.claims, start_ms, end_ms):
            text += cues(sheet, start_ms, end_ms)
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


def read_start(text: str, sheet_ms: int) -> int:
    """When a sheet begins, ms since 1970 UTC. Raises InvalidArgumentError("start")."""
    if not _START.fullmatch(text) or int(text) * 1000 % sheet_ms:
        raise InvalidArgumentError(
            "request.start", f"start must be Unix seconds, a multiple of {sheet_ms // 1000}", field="start"
        )
    return int(text) * 1000


def require_overlap(use: TicketUse, start_ms: int, end_ms: int) -> None:
    """Raises PermissionDeniedError when nothing of [start_ms, end_ms) lies in the ticket's window."""
    if start_ms >= use.claims.window_end_ms or end_ms <= use.claims.window_start_ms:
        raise PermissionDeniedError("ticket.outside_window", "these ten minutes leave the ticket's window")
