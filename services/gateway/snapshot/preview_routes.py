"""Small pictures for whoever scrubs: GET /snapshot/{ticket}/preview.jpg, sheets and their index."""

from __future__ import annotations

from aiohttp import web

from services.gateway.http.instants import parse_instant
from services.gateway.http.routes import Parameter, Route
from services.gateway.snapshot.key_frames import KeyFrames
from services.gateway.snapshot.sheet_answers import (
    ERRORS,
    GROWING,
    RANGE,
    SETTLED,
    SheetAnswers,
    open_unmarked,
)
from services.gateway.tickets import TicketCheck
from services.gateway.viewing.sending import Sending
from snowlight.errors import InvalidArgumentError

_INSTANT = {"type": "string", "format": "date-time"}


class PreviewRoutes:
    """Shows key frames of a playback ticket's window, 160 x 90 each."""

    def __init__(
        self, tickets: TicketCheck, key_frames: KeyFrames, sheets: SheetAnswers, sending: Sending
    ) -> None:
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
                self._sheets.sheet,
                "Ten minutes from `start` (Unix seconds, a multiple of 600): 10 x 6 pictures of 160 x 90, "
                "one for every 10 s.",
                access="ticket",
                answer_type="image/jpeg",
                errors=ERRORS,
            ),
            Route(
                "GET",
                "/snapshot/{ticket}/previews.vtt",
                self._sheets.track,
                "Which part of which sheet shows what: WebVTT, from `start` on.",
                access="ticket",
                parameters=RANGE,
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
