"""Live HLS: playlists, init sections and segments from memory."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

from aiohttp import web
from aiohttp.typedefs import Handler

from services.gateway.http.routes import Parameter, Route
from services.gateway.ladder import LADDER_PARAMETER, read_ladder
from services.gateway.live.hub import LiveHub, LiveHubs
from services.gateway.live.multivariant import multivariant_playlist
from services.gateway.live.opening import LiveOpening
from services.gateway.live.reload import BLOCKING, Reload, read_reload
from services.gateway.live.reports import media_playlist_of
from services.gateway.live.segment import LivePart
from services.gateway.live.variants import Variants
from services.gateway.metrics import GatewayMetrics
from services.gateway.tickets import TicketCheck
from services.gateway.viewing.sending import Sending
from services.gateway.viewing.use import TicketUse
from snowlight.errors import NotFoundError
from snowlight.media.rendition import MAIN, RENDITIONS
from snowlight.media.silent import silent_init

PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
SEGMENT_TYPE = "video/iso.segment"
_INIT_NAME = re.compile(r"([0-9a-f]{8})-([0-9]{1,16})")
LASTING = {"Cache-Control": "private, max-age=3600, immutable"}
FLEETING = {"Cache-Control": "no-cache"}
_ERRORS = (401, 403, 404, 410, 429, 503)
_OTHERS = tuple(name for name in RENDITIONS if name != MAIN)


class LiveRoutes:
    """What /hls/{ticket}/live... answers."""

    def __init__(
        self,
        tickets: TicketCheck,
        opening: LiveOpening,
        hubs: LiveHubs,
        variants: Variants,
        sending: Sending,
        metrics: GatewayMetrics,
    ) -> None:
        self._tickets = tickets
        self._opening = opening
        self._hubs = hubs
        self._variants = variants
        self._sending = sending
        self._metrics = metrics

    def routes(self) -> tuple[Route, ...]:
        def route(
            path: str,
            handler: Handler,
            summary: str,
            answer_type: str,
            parameters: tuple[Parameter, ...] = (),
        ) -> Route:
            return Route(
                "GET",
                path,
                handler,
                summary,
                access="ticket",
                parameters=parameters,
                answer_type=answer_type,
                errors=(400, *_ERRORS) if parameters else _ERRORS,
            )

        multivariant = route(
            "/hls/{ticket}/live.m3u8",
            self.multivariant,
            "The live multivariant playlist.",
            PLAYLIST_TYPE,
            (LADDER_PARAMETER,),
        )
        below = (
            route("media.m3u8", self.media, "The live media playlist.", PLAYLIST_TYPE, BLOCKING),
            route("init-{init}.mp4", self.init, "An init section.", "video/mp4"),
            route(
                "part-{session:[0-9]{1,16}}-{number:[0-9]{1,10}}.m4s",
                self.part,
                "A part of a segment. The one that the playlist hints at is answered once it is there.",
                SEGMENT_TYPE,
            ),
            route("{number}.m4s", self.segment, "A whole segment.", SEGMENT_TYPE),
        )
        return (
            multivariant,
            *(_below(each, "live") for each in below),
            *(
                _below(each, f"live/{{rendition:{'|'.join(_OTHERS)}}}", of="another rendition")
                for each in below
            ),
        )

    async def multivariant(self, request: web.Request) -> web.Response:
        ladder = read_ladder(request.query)
        hub, use = await self._hub(request)
        variants = await self._variants.listed(hub, ladder=ladder)
        await self._tickets.still(use)
        return _playlist(multivariant_playlist(hub.window, variants, silent=use.claims.silent).encode())

    async def media(self, request: web.Request) -> web.Response:
        reload = read_reload(request.query)
        hub, use = await self._hub(request)
        if reload is not None:
            await self._block(hub, reload)
            await self._tickets.still(use)
        return _playlist(media_playlist_of(hub, self._hubs))

    async def part(self, request: web.Request) -> web.StreamResponse:
        hub, use = await self._hub(request, stale=True)
        part = await self._part(hub, int(request.match_info["session"]), int(request.match_info["number"]))
        await self._tickets.still(use)
        data = bytes(hub.window.part_data(part, silent=use.claims.silent))
        self._metrics.live_bytes.inc(len(data))
        media = (part.start_ms, part.duration_ms)
        return await self._sending.send(request, use, data, SEGMENT_TYPE, LASTING, segment=media)

    async def init(self, request: web.Request) -> web.StreamResponse:
        hub, use = await self._hub(request, stale=True)
        match = _INIT_NAME.fullmatch(request.match_info["init"])
        init = hub.window.init(match[1], int(match[2])) if match else None
        if init is None:
            raise NotFoundError("live.unknown_part", "there is no such init section now")
        data = silent_init(init.data) if use.claims.silent else init.data
        return await self._sending.send(request, use, data, "video/mp4", LASTING)

    async def segment(self, request: web.Request) -> web.StreamResponse:
        hub, use = await self._hub(request, stale=True)
        number = request.match_info["number"]
        known = number.isascii() and number.isdigit() and len(number) <= 16
        segment = hub.window.segment(int(number)) if known else None
        if segment is None:
            raise NotFoundError("live.unknown_part", "there is no such segment now")
        data = hub.window.segment_data(segment, silent=use.claims.silent)
        self._metrics.live_bytes.inc(len(data))
        media = (segment.number, segment.duration_ms)
        return await self._sending.send(request, use, data, SEGMENT_TYPE, LASTING, segment=media)

    async def _hub(self, request: web.Request, *, stale: bool = False) -> tuple[LiveHub, TicketUse]:
        use = await self._tickets.open(request, "live")
        rendition = request.match_info.get("rendition", MAIN)
        hub = await self._opening.open(use, rendition, stale=stale)
        await self._tickets.still(use)  # the right may have gone while this waited
        return hub, use

    async def _block(self, hub: LiveHub, reload: Reload) -> None:
        """Wait until the playlist has what `reload` asks for (RFC 8216bis section 6.2.5.2).

        Raises InvalidArgumentError when that is too far ahead, and UnavailableError when it does not come in
        three target durations.
        """
        reload.check(hub.window)
        try:
            async with asyncio.timeout(reload.longest_s(hub.window)):
                while not hub.window.reached(reload.segment, reload.part):
                    self._opening.require_up(hub)
                    await hub.news()
        except TimeoutError as error:
            raise self._opening.no_picture(hub) from error

    async def _part(self, hub: LiveHub, session: int, number: int) -> LivePart:
        """The part, once it is there. Raises NotFoundError when it is none that is kept or comes next."""
        try:
            async with asyncio.timeout(self._opening.wait_s):
                while (part := hub.window.part(session, number)) is None:
                    if not hub.window.is_next(session, number):
                        break
                    await hub.news()
        except TimeoutError as error:
            raise self._opening.no_picture(hub) from error
        if part is None:
            raise NotFoundError("live.unknown_part", "there is no such part now")
        return part


def _below(route: Route, folder: str, *, of: str = "") -> Route:
    """The route in a folder of the ticket's. Another rendition may be refused: it cannot be made, or
    costs too much."""
    return replace(
        route,
        path=f"/hls/{{ticket}}/{folder}/{route.path}",
        summary=route.summary.replace(".", f" of {of}.", 1) if of else route.summary,
        errors=(*route.errors, 412) if of else route.errors,
    )


def _playlist(body: bytes) -> web.Response:
    return web.Response(body=body, content_type=PLAYLIST_TYPE, headers=FLEETING)
