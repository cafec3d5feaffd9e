"""What archive playlists of a rendition name: init sections and segments."""

from __future__ import annotations

from aiohttp import web

from services.gateway.archive.index import FootageIndex
from services.gateway.archive.named import named_recording, named_segment
from services.gateway.archive.part_routes import LASTING, cut_down, instant_of
from services.gateway.archive.rendered import RenderedFootage
from services.gateway.archive.routes import ENCODED, RENDITION_ERRORS
from services.gateway.http.routes import Route
from services.gateway.metrics import GatewayMetrics
from services.gateway.tickets import TicketCheck
from services.gateway.viewing.sending import Sending
from snowlight.errors import NotFoundError
from snowlight.media.silent import silent_fragments, silent_init


class RenditionRoutes:
    """What /hls/{ticket}/vod/{rendition}/... answers."""

    def __init__(
        self,
        tickets: TicketCheck,
        index: FootageIndex,
        rendered: RenderedFootage,
        sending: Sending,
        metrics: GatewayMetrics,
    ) -> None:
        self._tickets = tickets
        self._index = index
        self._rendered = rendered
        self._sending = sending
        self._metrics = metrics

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/hls/{ticket}/vod/{rendition}/init-{instant}.mp4",
                self.init,
                "The init section of the footage at an instant (ms since 1970 UTC), in this rendition.",
                access="ticket",
                answer_type="video/mp4",
                errors=RENDITION_ERRORS,
            ),
            Route(
                "GET",
                "/hls/{ticket}/vod/{rendition}/{segment}.m4s",
                self.segment,
                "`{start_ms}-{count}`: so many fragments from the one that starts then, in this rendition.",
                access="ticket",
                answer_type="video/iso.segment",
                errors=RENDITION_ERRORS,
            ),
        )

    async def init(self, request: web.Request) -> web.StreamResponse:
        use = await self._tickets.open(request, "playback")
        recording = await named_recording(self._index, use.claims, instant_of(request))
        data = await self._rendered.init_section(recording, _rung(request))
        await self._tickets.still(use)  # the right may have gone while this waited
        if use.claims.silent:
            data = cut_down(silent_init, data)
        return await self._sending.send(request, use, data, "video/mp4", LASTING)

    async def segment(self, request: web.Request) -> web.StreamResponse:
        use = await self._tickets.open(request, "playback")
        piece = await named_segment(self._index, use.claims, request.match_info["segment"])
        data = await self._rendered.segment(piece, _rung(request))
        await self._tickets.still(use)
        if use.claims.silent:
            data = cut_down(silent_fragments, data)
        self._metrics.archive_bytes.inc(len(data))
        media = (piece.start_ms, piece.duration_ms)
        return await self._sending.send(request, use, data, "video/iso.segment", LASTING, segment=media)


def _rung(request: web.Request) -> str:
    name = request.match_info["rendition"]
    if name not in ENCODED:
        raise NotFoundError("vod.unknown_part", "there is no such rendition")
    return name
