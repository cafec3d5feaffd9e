"""Archive HLS: a playlist over any range of a ticket's window, and its parts."""

from __future__ import annotations

import re

from aiohttp import web

from services.gateway.archive.asked import asked_piece, asked_range, outside_window, unknown
from services.gateway.archive.index import YOUNG_S, FootageIndex
from services.gateway.archive.playlist import vod_playlist
from services.gateway.archive.reader import FootageReader
from services.gateway.archive.recording import Recording
from services.gateway.http.routes import Parameter, Route
from services.gateway.metrics import GatewayMetrics
from services.gateway.tickets import TicketCheck
from services.gateway.viewing.sending import Sending
from snowlight.access.token import TicketClaims
from snowlight.clock import Clock
from snowlight.errors import InvalidArgumentError, NotFoundError

PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
_INIT_NAME = re.compile(r"[0-9]{1,15}")
_LASTING = {"Cache-Control": "private, max-age=86400, immutable"}
_INSTANT = {"type": "string", "format": "date-time"}
_ERRORS = (400, 401, 403, 404, 410, 503)


class ArchiveRoutes:
    """What /hls/{ticket}/vod... answers."""

    def __init__(
        self,
        tickets: TicketCheck,
        index: FootageIndex,
        reader: FootageReader,
        sending: Sending,
        clock: Clock,
        metrics: GatewayMetrics,
    ) -> None:
        self._tickets = tickets
        self._index = index
        self._reader = reader
        self._sending = sending
        self._clock = clock
        self._metrics = metrics

    def routes(self) -> tuple[Route, ...]:
        base = "/hls/{ticket}"
        return (
            Route(
                "GET",
                f"{base}/vod.m3u8",
                self.playlist,
                "The media playlist of a range in the ticket's window, which is 24 hours long at most.",
                access="ticket",
                parameters=(
                    Parameter("start", "Begin of the range; left out with end, the whole window.", _INSTANT),
                    Parameter("end", "End of the range.", _INSTANT),
                    Parameter(
                        "gaps",
                        "`show` keeps gaps, as EXT-X-GAP; left out, they are skipped.",
                        {"type": "string", "enum": ["show"]},
                    ),
                ),
                answer_type=PLAYLIST_TYPE,
                errors=_ERRORS,
            ),
            Route(
                "GET",
                f"{base}/vod/init-{{instant}}.mp4",
                self.init,
                "The init section of the footage at an instant (ms since 1970 UTC).",
                access="ticket",
                answer_type="video/mp4",
                errors=_ERRORS,
            ),
            Route(
                "GET",
                f"{base}/vod/{{segment}}.m4s",
                self.segment,
                "`{start_ms}-{count}`: so many fragments from the one that starts then.",
                access="ticket",
                answer_type="video/iso.segment",
                errors=_ERRORS,
            ),
        )

    async def playlist(self, request: web.Request) -> web.Response:
        claims = (await self._tickets.open(request, "playback")).claims
        show_gaps = _read_gaps(request)
        start_ms, end_ms, pieces = await asked_range(request, claims, self._index)
        text = vod_playlist(pieces, start_ms, end_ms, self._clock.now_ms(), show_gaps=show_gaps)
        return web.Response(
            body=text.encode(), content_type=PLAYLIST_TYPE, headers={"Cache-Control": "no-cache"}
        )

    async def init(self, request: web.Request) -> web.StreamResponse:
        use = await self._tickets.open(request, "playback")
        claims = use.claims
        name = request.match_info["instant"]
        if not _INIT_NAME.fullmatch(name):
            raise NotFoundError("vod.unknown_part", "there is no such init section")
        recording = await self._recording(claims, int(name))
        if recording.start_ms >= claims.window_end_ms or recording.end_ms <= claims.window_start_ms:
            raise outside_window()
        data = await self._reader.init_section(recording)
        await self._tickets.still(use)  # the right may have gone while this waited
        return await self._sending.send(request, use, data, "video/mp4", _LASTING)

    async def segment(self, request: web.Request) -> web.StreamResponse:
        use = await self._tickets.open(request, "playback")
        piece = await asked_piece(request.match_info["segment"], use.claims, self._index)
        data = await self._reader.read(piece.recording, piece.offset, piece.size)
        await self._tickets.still(use)
        self._metrics.archive_bytes.inc(len(data))
        media = (piece.start_ms, piece.duration_ms)
        return await self._sending.send(request, use, data, "video/iso.segment", _LASTING, segment=media)

    async def _recording(self, claims: TicketClaims, instant_ms: int) -> Recording:
        """The recording that starts at the instant, as playlists name it, or else one in which it lies."""
        holding: list[Recording] = []
        for max_age_s in (None, YOUNG_S):
            holding = await self._index.holding(claims.camera_uid, instant_ms, max_age_s=max_age_s)
            for recording in holding:
                if recording.start_ms == instant_ms:
                    return recording
        if not holding:
            raise unknown(claims, instant_ms)
        return holding[0]


def _read_gaps(request: web.Request) -> bool:
    gaps = request.query.get("gaps")
    if gaps not in (None, "show"):
        raise InvalidArgumentError("request.gaps", "gaps must be show, or left out", field="gaps")
    return gaps == "show"
