"""What archive playlists name: init sections, segments and key frames."""

from __future__ import annotations

import re
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from services.gateway.archive.index import FootageIndex
from services.gateway.archive.named import named_piece, named_recording, named_segment
from services.gateway.archive.reader import FootageReader
from services.gateway.archive.routes import ERRORS
from services.gateway.http.routes import Route
from services.gateway.metrics import GatewayMetrics
from services.gateway.tickets import TicketCheck
from services.gateway.viewing.sending import Sending
from snowlight.errors import DataLossError, NotFoundError
from snowlight.media.key_picture import key_picture
from snowlight.media.silent import silent_fragments, silent_init

_INSTANT_NAME = re.compile(r"[0-9]{1,15}")
LASTING = {"Cache-Control": "private, max-age=86400, immutable"}


class ArchivePartRoutes:
    """What /hls/{ticket}/vod/... answers."""

    def __init__(
        self,
        tickets: TicketCheck,
        index: FootageIndex,
        reader: FootageReader,
        sending: Sending,
        metrics: GatewayMetrics,
    ) -> None:
        self._tickets = tickets
        self._index = index
        self._reader = reader
        self._sending = sending
        self._metrics = metrics

    def routes(self) -> tuple[Route, ...]:
        def route(name: str, handler: Handler, summary: str, answer_type: str) -> Route:
            return Route(
                "GET",
                f"/hls/{{ticket}}/vod/{name}",
                handler,
                summary,
                access="ticket",
                answer_type=answer_type,
                errors=(*ERRORS, 429),
            )

        return (
            route(
                "init-{instant}.mp4",
                self.init,
                "The init section of the footage at an instant (ms since 1970 UTC).",
                "video/mp4",
            ),
            route(
                "key-init-{instant}.mp4",
                self.key_init,
                "The same of its pictures alone, for key frames.",
                "video/mp4",
            ),
            route(
                "key-{instant}.m4s",
                self.key,
                "The key frame that begins the fragment that starts then.",
                "video/iso.segment",
            ),
            route(
                "{segment}.m4s",
                self.segment,
                "`{start_ms}-{count}`: so many fragments from the one that starts then.",
                "video/iso.segment",
            ),
        )

    async def init(self, request: web.Request) -> web.StreamResponse:
        return await self._init(request, pictures_alone=False)

    async def key_init(self, request: web.Request) -> web.StreamResponse:
        return await self._init(request, pictures_alone=True)

    async def _init(self, request: web.Request, *, pictures_alone: bool) -> web.StreamResponse:
        use = await self._tickets.open(request, "playback")
        claims = use.claims
        recording = await named_recording(self._index, claims, instant_of(request))
        data = await self._reader.init_section(recording)
        await self._tickets.still(use)  # the right may have gone while this waited
        if pictures_alone or claims.silent:
            data = cut_down(silent_init, data)
        return await self._sending.send(request, use, data, "video/mp4", LASTING)

    async def segment(self, request: web.Request) -> web.StreamResponse:
        use = await self._tickets.open(request, "playback")
        claims = use.claims
        piece = await named_segment(self._index, claims, request.match_info["segment"])
        with self._sending.room.reading(piece.size):
            data = await self._reader.read(piece.recording, piece.offset, piece.size)
        await self._tickets.still(use)
        if claims.silent:
            data = cut_down(silent_fragments, data)
        self._metrics.archive_bytes.inc(len(data))
        media = (piece.start_ms, piece.duration_ms)
        return await self._sending.send(request, use, data, "video/iso.segment", LASTING, segment=media)

    async def key(self, request: web.Request) -> web.StreamResponse:
        use = await self._tickets.open(request, "playback")
        piece = await named_piece(self._index, use.claims, instant_of(request), 1)
        if not piece.independent:
            raise NotFoundError("vod.unknown_part", "this fragment does not begin with a key frame")
        with self._sending.room.reading(piece.size):
            whole = await self._reader.read(piece.recording, piece.offset, piece.size)
        await self._tickets.still(use)
        data = cut_down(key_picture, whole)
        self._metrics.archive_bytes.inc(len(data))
        # Not the number of a segment: the same footage watched afterwards counts as well.
        media = (-piece.start_ms, piece.duration_ms)
        return await self._sending.send(request, use, data, "video/iso.segment", LASTING, segment=media)


def instant_of(request: web.Request) -> int:
    """The instant in the path, ms since 1970 UTC. Raises NotFoundError when it is none."""
    name = request.match_info["instant"]
    if not _INSTANT_NAME.fullmatch(name):
        raise NotFoundError("vod.unknown_part", "there is no such part")
    return int(name)


def cut_down(take: Callable[[bytes], bytes], data: bytes) -> bytes:
    """What `take` leaves of footage. Raises DataLossError when that is damaged."""
    try:
        return take(data)
    except ValueError as error:
        raise DataLossError("vod.footage_damaged", "this footage is damaged") from error
