"""What archive playlists name: init sections, segments and key frames."""

from __future__ import annotations

import re
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from services.gateway.archive.index import YOUNG_S, FootageIndex
from services.gateway.archive.pieces import LONGEST_REQUEST_MS, Piece
from services.gateway.archive.reader import FootageReader
from services.gateway.archive.recording import Recording
from services.gateway.archive.routes import ERRORS
from services.gateway.http.routes import Route
from services.gateway.metrics import GatewayMetrics
from services.gateway.tickets import TicketCheck
from services.gateway.viewing.sending import Sending
from snowlight.access.token import TicketClaims
from snowlight.errors import DataLossError, NotFoundError, PermissionDeniedError
from snowlight.media.key_picture import key_picture
from snowlight.media.silent import silent_fragments, silent_init

_SEGMENT_NAME = re.compile(r"([0-9]{1,15})-([1-9][0-9]{0,4})")
_INSTANT_NAME = re.compile(r"[0-9]{1,15}")
_LASTING = {"Cache-Control": "private, max-age=86400, immutable"}


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
                errors=ERRORS,
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
        recording = await self._recording(claims, _instant(request))
        if recording.start_ms >= claims.window_end_ms or recording.end_ms <= claims.window_start_ms:
            raise _outside_window()
        data = await self._reader.init_section(recording)
        await self._tickets.still(use)  # the right may have gone while this waited
        if pictures_alone or claims.silent:
            data = _cut_down(silent_init, data)
        return await self._sending.send(request, use, data, "video/mp4", _LASTING)

    async def segment(self, request: web.Request) -> web.StreamResponse:
        use = await self._tickets.open(request, "playback")
        claims = use.claims
        match = _SEGMENT_NAME.fullmatch(request.match_info["segment"])
        if match is None:
            raise NotFoundError("vod.unknown_part", "there is no such segment")
        piece = await self._piece(claims, int(match[1]), int(match[2]))
        data = await self._reader.read(piece.recording, piece.offset, piece.size)
        await self._tickets.still(use)
        if claims.silent:
            data = _cut_down(silent_fragments, data)
        self._metrics.archive_bytes.inc(len(data))
        media = (piece.start_ms, piece.duration_ms)
        return await self._sending.send(request, use, data, "video/iso.segment", _LASTING, segment=media)

    async def key(self, request: web.Request) -> web.StreamResponse:
        use = await self._tickets.open(request, "playback")
        piece = await self._piece(use.claims, _instant(request), 1)
        if not piece.independent:
            raise NotFoundError("vod.unknown_part", "this fragment does not begin with a key frame")
        whole = await self._reader.read(piece.recording, piece.offset, piece.size)
        await self._tickets.still(use)
        data = _cut_down(key_picture, whole)
        self._metrics.archive_bytes.inc(len(data))
        # Not the number of a segment: the same footage watched afterwards counts as well.
        media = (-piece.start_ms, piece.duration_ms)
        return await self._sending.send(request, use, data, "video/iso.segment", _LASTING, segment=media)

    async def _piece(self, claims: TicketClaims, start_ms: int, count: int) -> Piece:
        """Raises PermissionDeniedError for one that leaves the ticket's window."""
        for max_age_s in (None, YOUNG_S):  # the newest fragments may be younger than what is known here
            for recording in await self._index.holding(claims.camera_uid, start_ms, max_age_s=max_age_s):
                first = recording.fragment_starting(start_ms)
                if first is None or first + count > recording.count:
                    continue
                piece = Piece(recording, first, count)
                if count > 1 and piece.duration_ms > LONGEST_REQUEST_MS:
                    continue
                if not piece.lies_within(claims.window_start_ms, claims.window_end_ms):
                    raise _outside_window()
                return piece
        raise _unknown(claims, start_ms)

    async def _recording(self, claims: TicketClaims, instant_ms: int) -> Recording:
        """The recording that starts at the instant, as playlists name it, or else one in which it lies."""
        holding: list[Recording] = []
        for max_age_s in (None, YOUNG_S):
            holding = await self._index.holding(claims.camera_uid, instant_ms, max_age_s=max_age_s)
            for recording in holding:
                if recording.start_ms == instant_ms:
                    return recording
        if not holding:
            raise _unknown(claims, instant_ms)
        return holding[0]


def _instant(request: web.Request) -> int:
    name = request.match_info["instant"]
    if not _INSTANT_NAME.fullmatch(name):
        raise NotFoundError("vod.unknown_part", "there is no such part")
    return int(name)


def _cut_down(take: Callable[[bytes], bytes], data: bytes) -> bytes:
    try:
        return take(data)
    except ValueError as error:
        raise DataLossError("vod.footage_damaged", "this footage is damaged") from error


def _unknown(claims: TicketClaims, instant_ms: int) -> NotFoundError | PermissionDeniedError:
    if not claims.window_start_ms <= instant_ms < claims.window_end_ms:
        return _outside_window()
    return NotFoundError("vod.unknown_part", "there is no such footage")


def _outside_window() -> PermissionDeniedError:
    return PermissionDeniedError("ticket.outside_window", "this footage leaves the ticket's window")
