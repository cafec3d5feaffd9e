"""Live HLS of transport streams: each segment made once for all who watch."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial

from aiohttp import web
from aiohttp.typedefs import Handler

from services.gateway.http.routes import Route
from services.gateway.live.hub import LiveHub
from services.gateway.live.opening import LiveOpening
from services.gateway.live.routes import PLAYLIST_TYPE
from services.gateway.live.segment import LiveSegment
from services.gateway.metrics import GatewayMetrics
from services.gateway.tickets import TicketCheck
from services.gateway.transport_stream.codecs import require_carried
from services.gateway.transport_stream.playlist import (
    live_media_playlist,
    live_multivariant_playlist,
    silent_live_multivariant_playlist,
)
from services.gateway.transport_stream.remux import remux
from services.gateway.viewing.sending import Sending
from services.gateway.viewing.use import TicketUse
from services.gateway.workshop import Workshop
from snowlight.errors import NotFoundError

STREAM_TYPE = "video/mp2t"
AT_ONCE = 2
MOST_WAITING = 64
KEPT_BYTES = 64 << 20
"""Of segments, which are kept no longer than their fragments are."""

_Key = tuple[str, int, bool]
"""A camera's uid, a media sequence number, and whether it is without sound."""
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
        self._workshop: Workshop[_Key] = Workshop(
            "ts.busy",
            "too many transport streams are being made",
            at_once=AT_ONCE,
            most_waiting=MOST_WAITING,
            kept_bytes=KEPT_BYTES,
        )

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
        data = await self._made(hub.uid, segment, silent=use.claims.silent)
        await self._tickets.still(use)
        self._metrics.live_bytes.inc(len(data))
        media = (segment.number, segment.duration_ms)
        return await self._sending.send(request, use, data, STREAM_TYPE, _LASTING, segment=media)

    async def _made(self, uid: str, segment: LiveSegment, *, silent: bool) -> bytes:
        key = uid, segment.number, silent

        async def prepare() -> Callable[[], bytes]:
            weakref.finalize(segment, self._workshop.forget, key).atexit = False
            return partial(remux, segment.init.data, segment.data, silent=silent)

        return await self._workshop.take(key, prepare)

    async def _hub(self, request: web.Request, *, stale: bool = False) -> tuple[LiveHub, TicketUse]:
        use = await self._tickets.open(request, "live")
        hub = await self._opening.open(use, stale=stale)
        await self._tickets.still(use)  # the right may have gone while this waited
        return hub, use


def _playlist(body: bytes) -> web.Response:
    return web.Response(body=body, content_type=PLAYLIST_TYPE, headers=_FLEETING)
