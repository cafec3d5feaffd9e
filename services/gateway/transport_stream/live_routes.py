"""Live HLS of transport streams."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from services.gateway.http.routes import Route
from services.gateway.live.hub import LiveHub
from services.gateway.live.opening import LiveOpening
from services.gateway.live.routes import PLAYLIST_TYPE
from services.gateway.metrics import GatewayMetrics
from services.gateway.tickets import TicketCheck
from services.gateway.transport_stream.codecs import require_carried
from services.gateway.transport_stream.live_streams import LiveStreams
from services.gateway.transport_stream.playlist import (
    live_media_playlist,
    live_multivariant_playlist,
    silent_live_multivariant_playlist,
)
from services.gateway.viewing.sending import Sending
from services.gateway.viewing.use import TicketUse
from snowlight.errors import NotFoundError

STREAM_TYPE = "video/mp2t"
_LASTING = {"Cache-Control": "private, max-age=3600, immutable"}
_FLEETING = {"Cache-Control": "no-cache"}
_ERRORS = (401, 403, 404, 410, 412, 503)


class LiveStreamRoutes:
    """What /hls/{ticket}/live.ts.m3u8 and what it names answer."""

    def __init__(
        self, tickets: TicketCheck, opening: LiveOpening, sending: Sending, metrics: GatewayMetrics
    ) -> None:
        self._tickets = tickets
        self._opening = opening
        self._sending = sending
        self._metrics = metrics
        self._streams = LiveStreams()

    def routes(self) -> tuple[Route, ...]:
        def route(path: str, handler: Handler, summary: str, answer_type: str, *errors: int) -> Route:
            return Route(
                "GET",
                f"/hls/{{ticket}}/{path}",
                handler,
                summary,
                access="ticket",
                answer_type=answer_type,
                errors=(*_ERRORS, *errors),
            )

        return (
            route(
                "live.ts.m3u8",
                self.multivariant,
                "The live multivariant playlist of transport streams; H.264 only.",
                PLAYLIST_TYPE,
            ),
            route("live/media.ts.m3u8", self.media, "Its live media playlist.", PLAYLIST_TYPE),
            route("live/{number}.ts", self.segment, "A whole segment, a transport stream.", STREAM_TYPE, 429),
        )

    async def multivariant(self, request: web.Request) -> web.Response:
        hub, use = await self._hub(request)
        if use.claims.silent:
            return _playlist(hub.playlist("silent.ts", silent_live_multivariant_playlist))
        return _playlist(hub.playlist("multivariant.ts", live_multivariant_playlist))

    async def media(self, request: web.Request) -> web.Response:
        hub, _ = await self._hub(request)
        return _playlist(hub.playlist("media.ts", live_media_playlist))

    async def segment(self, request: web.Request) -> web.StreamResponse:
        hub, use = await self._hub(request, stale=True)
        number = request.match_info["number"]
        known = number.isascii() and number.isdigit() and len(number) <= 16
        segment = hub.window.segment(int(number)) if known else None
        if segment is None:
            raise NotFoundError("live.unknown_part", "there is no such segment now")
        require_carried(segment.init.codecs, instead="live.m3u8")
        data = await self._streams.take(hub.uid, segment, silent=use.claims.silent)
        await self._tickets.still(use)
        self._metrics.live_bytes.inc(len(data))
        media = (segment.number, segment.duration_ms)
        return await self._sending.send(request, use, data, STREAM_TYPE, _LASTING, segment=media)

    async def _hub(self, request: web.Request, *, stale: bool = False) -> tuple[LiveHub, TicketUse]:
        use = await self._tickets.open(request, "live")
        hub = await self._opening.open(use, stale=stale)
        await self._tickets.still(use)  # the right may have gone while this waited
        return hub, use


def _playlist(body: bytes) -> web.Response:
    return web.Response(body=body, content_type=PLAYLIST_TYPE, headers=_FLEETING)
