"""Archive HLS: playlists over any range of a ticket's window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import web
from aiohttp.typedefs import Handler

from services.gateway.archive.asked import RANGE, read_range, same_query
from services.gateway.archive.dvr import Window
from services.gateway.archive.index import FootageIndex
from services.gateway.archive.keyframes import KeyPicture, key_pictures
from services.gateway.archive.ladder import Ladders
from services.gateway.archive.multivariant import multivariant_playlist
from services.gateway.archive.pieces import Piece, cut, cut_runs
from services.gateway.archive.playlist import Entry, Range, key_playlist, vod_playlist
from services.gateway.archive.presigned import DIRECT, Presigner, read_direct
from services.gateway.archive.reader import FootageReader
from services.gateway.archive.recording import Recording
from services.gateway.archive.rendered import RenderedFootage, rendered_entry
from services.gateway.http.routes import Parameter, Route
from services.gateway.ladder import LADDER_PARAMETER, read_ladder
from services.gateway.tickets import TicketCheck
from services.gateway.viewing.use import TicketUse
from snowlight.clock import Clock
from snowlight.errors import InvalidArgumentError, NotFoundError
from snowlight.media.description import describe
from snowlight.media.rendition import H264, LADDER

PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
ERRORS = (400, 401, 403, 404, 410, 503)
RENDITION_ERRORS = (*ERRORS, 412, 429)
ENCODED = (H264, *LADDER)
"""The renditions that recorded footage may be encoded in anew."""
_RENDITION = Parameter(
    "rendition",
    "Encoded anew as H.264: `h264` as large as it is, else in so many lines; left out, as recorded.",
    {"type": "string", "enum": list(ENCODED)},
)


class ArchiveRoutes:
    """The playlists of /hls/{ticket}/."""

    def __init__(
        self,
        tickets: TicketCheck,
        index: FootageIndex,
        reader: FootageReader,
        presigner: Presigner,
        rendered: RenderedFootage,
        ladders: Ladders,
        clock: Clock,
    ) -> None:
        self._tickets = tickets
        self._index = index
        self._reader = reader
        self._presigner = presigner
        self._rendered = rendered
        self._ladders = ladders
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        def route(
            name: str,
            handler: Handler,
            summary: str,
            parameters: tuple[Parameter, ...] = RANGE,
            errors: tuple[int, ...] = ERRORS,
        ) -> Route:
            return Route(
                "GET",
                f"/hls/{{ticket}}/{name}",
                handler,
                summary,
                access="ticket",
                parameters=parameters,
                answer_type=PLAYLIST_TYPE,
                errors=errors,
            )

        return (
            route(
                "archive.m3u8",
                self.multivariant,
                "The multivariant playlist of a range: its pictures and sound, and its key frames.",
                (*RANGE, LADDER_PARAMETER),
            ),
            route(
                "vod.m3u8",
                self.media,
                "The media playlist of a range in the ticket's window, which is 24 hours long at most.",
                (*RANGE, DIRECT, _RENDITION),
                RENDITION_ERRORS,
            ),
            route(
                "past.m3u8",
                self.past,
                "The multivariant playlist of dvr.m3u8.",
                (),
            ),
            route(
                "vod.iframes.m3u8",
                self.keys,
                "The playlist of a range's key frames alone, 7,201 at most, for fast forward and scrubbing.",
            ),
        )

    async def multivariant(self, request: web.Request) -> web.Response:
        ladder = read_ladder(request.query)
        use, asked, recordings = await self._asked(request)
        query = same_query(request.query, asked)
        text = await self._multivariant(
            use,
            cut(recordings, asked.start_ms, asked.end_ms),
            key_pictures(recordings, asked.start_ms, asked.end_ms),
            media_uri=f"vod.m3u8{query}",
            key_uri=f"vod.iframes.m3u8{query}",
            ladder=ladder,
        )
        return playlist(text)

    async def past(self, request: web.Request) -> web.Response:
        use = await self._tickets.open(request, "playback")
        claims, now_ms = use.claims, self._clock.now_ms()
        window = Window(claims.window_start_ms, claims.window_end_ms)
        start_ms, end_ms = window.listed_from(now_ms), min(now_ms, window.end_ms)
        recordings = await self._index.between(claims.camera_uid, start_ms, end_ms)
        pieces = cut(recordings, start_ms, end_ms)
        return playlist(await self._multivariant(use, pieces, (), media_uri="dvr.m3u8", key_uri=""))

    async def _multivariant(
        self,
        use: TicketUse,
        pieces: Sequence[Piece],
        pictures: Sequence[KeyPicture],
        *,
        media_uri: str,
        key_uri: str,
        ladder: bool = False,
    ) -> str:
        if not pieces:
            raise no_footage()
        shown = list({piece.recording.init8: piece.recording for piece in pieces}.values())
        codecs = list(dict.fromkeys([await self._codecs(recording) for recording in shown]))
        # What begins without a key frame is not encoded anew, and nothing is listed that breaks off.
        listed = ladder and all(piece.independent for piece in pieces)
        known = await self._ladders.of(shown) if listed else None
        await self._tickets.still(use)
        return multivariant_playlist(
            pieces,
            pictures,
            codecs,
            media_uri=media_uri,
            key_uri=key_uri,
            ladder=known,
            rung_uri=lambda name: f"{media_uri}{'&' if '?' in media_uri else '?'}rendition={name}",
            silent=use.claims.silent,
        )

    async def media(self, request: web.Request) -> web.Response:
        direct, rung = read_direct(request.query), _read_rendition(request.query)
        use, asked, recordings = await self._asked(request)
        runs = cut_runs(recordings, asked.start_ms, asked.end_ms)
        if not runs:
            raise no_footage()
        entries: list[Entry] | None = None
        pieces = [piece for run in runs for piece in run.pieces()] if direct or rung else []
        if rung:
            await self._rendered.init_section(pieces[0].recording, rung)  # or it tells why there is none
            entries = [rendered_entry(piece, rung) for piece in pieces]
        elif direct:
            entries = await self._presigner.entries(pieces, use.claims, asked.now_ms)
        await self._tickets.still(use)
        return playlist(vod_playlist(runs, asked, entries))

    async def keys(self, request: web.Request) -> web.Response:
        use, asked, recordings = await self._asked(request)
        pictures = key_pictures(recordings, asked.start_ms, asked.end_ms)
        if not pictures:
            raise no_footage()
        await self._tickets.still(use)
        return playlist(key_playlist(pictures, asked))

    async def _asked(self, request: web.Request) -> tuple[TicketUse, Range, list[Recording]]:
        use = await self._tickets.open(request, "playback")
        asked = read_range(request.query, use.claims, self._clock.now_ms())
        recordings = await self._index.between(use.claims.camera_uid, asked.start_ms, asked.end_ms)
        return use, asked, recordings

    async def _codecs(self, recording: Recording) -> str:
        """From the index, or from the object where its row was made again from its name alone."""
        return recording.codecs or describe(await self._reader.init_section(recording)).codecs


def _read_rendition(query: Mapping[str, str]) -> str | None:
    """What is asked for. Raises InvalidArgumentError naming the parameter."""
    wanted = query.get("rendition")
    if wanted not in (None, *ENCODED):
        raise InvalidArgumentError(
            "request.invalid", f"rendition must be {', '.join(ENCODED)}, or left out", field="rendition"
        )
    return wanted


def playlist(text: str) -> web.Response:
    """A playlist as an answer."""
    return web.Response(body=text.encode(), content_type=PLAYLIST_TYPE, headers={"Cache-Control": "no-cache"})


def no_footage() -> NotFoundError:
    """Of a range without any."""
    return NotFoundError("vod.no_footage", "nothing was recorded in this range")
