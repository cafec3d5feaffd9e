"""Archive HLS of transport streams, of the same ranges and pieces as that of fragments."""

from __future__ import annotations

from aiohttp import web

from services.gateway.archive.asked import RANGE_ALONE, read_range
from services.gateway.archive.index import FootageIndex
from services.gateway.archive.named import named_segment
from services.gateway.archive.pieces import Piece, cut
from services.gateway.archive.reader import FootageReader
from services.gateway.archive.recording import Recording
from services.gateway.archive.routes import PLAYLIST_TYPE, no_footage, playlist
from services.gateway.http.routes import Route
from services.gateway.metrics import GatewayMetrics
from services.gateway.tickets import TicketCheck
from services.gateway.transport_stream.codecs import require_carried
from services.gateway.transport_stream.live_routes import STREAM_TYPE
from services.gateway.transport_stream.playlist import vod_playlist
from services.gateway.transport_stream.remux import remux
from services.gateway.viewing.sending import Sending
from services.gateway.workshop import Workshop
from snowlight.clock import Clock
from snowlight.errors import DataLossError
from snowlight.media.description import describe

AT_ONCE = 2
MOST_WAITING = 16
"""Each holds what it has read, a few megabytes."""
KEPT_BYTES = 16 << 20
"""Of segments, for who watches the same."""

_Key = tuple[str, int, int, int, int, bool]
"""An object's camera, epoch and sequence; of a segment its start, its fragments, whether it has no sound."""
_LASTING = {"Cache-Control": "private, max-age=86400, immutable"}
_ERRORS = (400, 401, 403, 404, 410, 412, 503)


class ArchiveStreamRoutes:
    """What /hls/{ticket}/vod.ts.m3u8 and what it names answer."""

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
        self._workshop: Workshop[_Key] = Workshop(
            "ts.busy",
            "too many transport streams are being made",
            at_once=AT_ONCE,
            most_waiting=MOST_WAITING,
            kept_bytes=KEPT_BYTES,
        )

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/hls/{ticket}/vod.ts.m3u8",
                self.playlist,
                "As vod.m3u8, of transport streams; H.264 only. Gaps are skipped.",
                access="ticket",
                parameters=RANGE_ALONE,
                answer_type=PLAYLIST_TYPE,
                errors=_ERRORS,
            ),
            Route(
                "GET",
                "/hls/{ticket}/vod/{segment}.ts",
                self.segment,
                "`{start_ms}-{count}`: so many fragments from the one that starts then, a transport stream.",
                access="ticket",
                answer_type=STREAM_TYPE,
                errors=(*_ERRORS, 429),
            ),
        )

    async def playlist(self, request: web.Request) -> web.Response:
        use = await self._tickets.open(request, "playback")
        asked = read_range(request.query, use.claims, self._clock.now_ms())
        recordings = await self._index.between(use.claims.camera_uid, asked.start_ms, asked.end_ms)
        pieces = cut(recordings, asked.start_ms, asked.end_ms)
        if not pieces:
            raise no_footage()
        for recording in {piece.recording.init8: piece.recording for piece in pieces}.values():
            await self._init_section(recording)
        await self._tickets.still(use)  # the right may have gone while this waited
        return playlist(vod_playlist(pieces))

    async def segment(self, request: web.Request) -> web.StreamResponse:
        use = await self._tickets.open(request, "playback")
        piece = await named_segment(self._index, use.claims, request.match_info["segment"])
        data = await self._made(piece, silent=use.claims.silent)
        await self._tickets.still(use)
        self._metrics.archive_bytes.inc(len(data))
        media = (piece.start_ms, piece.duration_ms)
        return await self._sending.send(request, use, data, STREAM_TYPE, _LASTING, segment=media)

    async def _made(self, piece: Piece, *, silent: bool) -> bytes:
        recording = piece.recording

        async def make() -> bytes:
            init = await self._init_section(recording)
            data = await self._reader.read(recording, piece.offset, piece.size)
            return await self._workshop.work(remux, init, data, silent=silent)

        key = recording.camera_uid, recording.epoch, recording.sequence, piece.start_ms, piece.count, silent
        return await self._workshop.take(key, make)

    async def _init_section(self, recording: Recording) -> bytes:
        """Raises FailedPreconditionError when transport streams do not carry what it declares."""
        init = await self._reader.init_section(recording)
        try:
            codecs = describe(init).codecs
        except (ValueError, LookupError) as error:
            raise DataLossError("vod.init_damaged", "this footage does not tell what it is") from error
        require_carried(codecs, instead="vod.m3u8")
        return init
