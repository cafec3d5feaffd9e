"""`Media.StreamRecording`: a window of a camera's footage, told in order with what is missing of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from typing import Any, NamedTuple

import structlog

from services.gateway.access.guard import calling_officer
from services.gateway.access.pace import RealTime
from services.gateway.access.packaging import Packager, packager_of
from services.gateway.access.reading import read_window
from services.gateway.access.resume_token import ResumeTokens, recording_tokens
from services.gateway.access.streams import Streams
from services.gateway.access.view import View, Views
from services.gateway.archive.pieces import Piece
from services.gateway.archive.recording import GAP_MS, Recording
from services.gateway.archive.timeline import caused
from services.gateway.archive.walk import Place, read_ahead, walk
from services.gateway.cameras.visible import VisibleCameras
from services.gateway.metrics import GatewayMetrics
from services.gateway.pictures import Pictures
from snowlight.api.access.v1 import media_pb2
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.clock import Clock
from snowlight.errors import DataLossError, InvalidArgumentError, NotFoundError
from snowlight.media.access_envelope import encode_discontinuity
from snowlight.media.silent import silent_fragments

LONGEST_MS = 86_400_000
_Request = media_pb2.StreamRecordingRequest
_Discontinuity = media_pb2.Discontinuity

log = structlog.get_logger(__name__)


class RecordingStreams:
    """Serves the method."""

    def __init__(
        self,
        views: Views,
        visible: VisibleCameras,
        pictures: Pictures,
        streams: Streams,
        metrics: GatewayMetrics,
        clock: Clock,
    ) -> None:
        self._views = views
        self._visible = visible
        self._pictures = pictures
        self._streams = streams
        self._metrics = metrics
        self._clock = clock

    async def serve(self, request: _Request, context: Any) -> None:
        """To its end. Raises InvalidArgumentError naming the field, and PermissionDeniedError
        ("access.officer_missing") for a call in nobody's name."""
        officer = calling_officer()
        packager = packager_of(request.packaging)
        pace = self._pace(request.pace)
        start_ms, end_ms = read_window(request, longest_ms=LONGEST_MS)
        if start_ms > self._clock.now_ms():
            raise InvalidArgumentError(
                "request.range", "start_time must not be in the future", field="start_time"
            )
        camera = await self._visible.named(officer.person, request.camera, field="camera")
        tokens = recording_tokens(camera.uid, start_ms, end_ms)
        after, continues = tokens.read(request.resume_token)
        window_ms = start_ms, end_ms
        async with self._views.begun(
            officer, camera, "playback", request.purpose, window_ms, continues=continues
        ) as view:
            call = _Call(
                view, camera, window_ms, after, tokens, packager, pace, self._pictures, self._metrics, context
            )
            await self._streams.run(call.write(self._clock), view.still)

    def _pace(self, pace: _Request.Pace.ValueType) -> RealTime | None:
        match pace:
            case _Request.PACE_UNSPECIFIED | _Request.PACE_AS_READ:
                return None
            case _Request.PACE_REAL_TIME:
                return RealTime(self._clock)
        raise InvalidArgumentError(
            "request.pace", "pace must be PACE_AS_READ or PACE_REAL_TIME", field="pace"
        )


class _Fragment(NamedTuple):
    """One of a recording."""

    start_ms: int
    duration_ms: int
    independent: bool
    lossy: bool


class _Call:
    """One reader. It is held back by gRPC's flow control, and what is read ahead of it is bounded."""

    def __init__(
        self,
        view: View,
        camera: camera_pb2.Camera,
        window_ms: tuple[int, int],
        after: Place | None,
        tokens: ResumeTokens[Place],
        packager: Packager,
        pace: RealTime | None,
        pictures: Pictures,
        metrics: GatewayMetrics,
        context: Any,
    ) -> None:
        self._view = view
        self._camera = camera
        self._window_ms = window_ms
        self._after = after
        self._tokens = tokens
        self._packager = packager
        self._pace = pace
        self._pictures = pictures
        self._metrics = metrics
        self._context = context
        self._reached_ms = window_ms[0] if after is None else max(window_ms[0], after.end_ms)
        """Up to when all was told, ms since 1970 UTC."""
        self._shown: Recording | None = None
        """Of which the newest fragment was."""
        self._missing_ms = 0
        """Up to when footage should be there and could not be read."""
        self._wants_key_frame = False
        """What went before is missing: nothing can be decoded until one comes."""

    async def write(self, clock: Clock) -> None:
        """Tell all of the window that there is by now."""
        start_ms, end_ms = self._window_ms
        pieces = walk(self._pictures.index, self._camera.uid, start_ms, end_ms, self._after)
        async with aclosing(read_ahead(self._pictures.reader, pieces)) as reads:
            async for piece, read in reads:
                try:
                    await self._show(piece, read.result())
                except (NotFoundError, DataLossError) as error:  # deleted since it was looked up, or damaged
                    self._missing_ms, self._wants_key_frame = piece.end_ms, True
                    log.warning("access.footage_missing", object=piece.recording.key, error=str(error))
        await self._pass_over(min(end_ms, clock.now_ms()), self._missing_ms)

    async def _show(self, piece: Piece, data: bytes) -> None:
        recording, whole, position = piece.recording, memoryview(data), 0
        for index in range(piece.first, piece.first + piece.count):
            size = recording.sizes[index]
            fragment = _fragment(recording, index)
            if fragment.independent or not self._wants_key_frame:
                await self._lead_to(recording, fragment.start_ms)
                if self._pace is not None:
                    await self._pace.reach(fragment.start_ms)
                await self._send(recording, index, fragment, whole[position : position + size])
                self._wants_key_frame = False
            position += size

    async def _lead_to(self, recording: Recording, start_ms: int) -> None:
        """Tell what has to be known before the fragment that starts then."""
        shown = self._shown
        is_gap = start_ms - self._reached_ms > GAP_MS or self._wants_key_frame
        begins = shown is None or (shown.session, shown.init8) != (recording.session, recording.init8)
        # Made first: when the init section is gone or damaged, nothing was told.
        description = await self._description(recording) if begins else b""
        if is_gap:
            knows_before = shown is not None or self._after is not None
            await self._pass_over(start_ms, start_ms if knows_before else self._missing_ms)
        elif shown is not None and begins:
            source = encode_discontinuity(_Discontinuity.SOURCE, self._reached_ms, start_ms)
            await self._context.write(source)
        if begins:
            await self._context.write(description)
        self._shown = recording

    async def _description(self, recording: Recording) -> bytes:
        init = await self._pictures.reader.init_section(recording)
        with _whole():
            return self._packager.description(init, silent=self._view.use.claims.silent)

    async def _pass_over(self, until_ms: int, missing_ms: int) -> None:
        """Tell why there is nothing from what was reached to `until_ms`: up to `missing_ms` all of it, after
        that what is known."""
        reached_ms = self._reached_ms
        if until_ms - reached_ms <= GAP_MS and missing_ms <= reached_ms:
            return
        _, gaps = await self._pictures.timelines.of(self._camera, [(reached_ms, until_ms)])
        if missing_ms > reached_ms:
            gaps = caused(reached_ms, max(missing_ms, *(gap.end_ms for gap in gaps), 0), gaps)
        for gap in gaps:
            cause = gap.cause.lower()
            told = encode_discontinuity(_Discontinuity.GAP, gap.start_ms, gap.end_ms, cause)
            await self._context.write(told)
        if self._pace is not None:
            self._pace.passes_over()

    async def _send(
        self, recording: Recording, index: int, fragment: _Fragment, data: bytes | memoryview
    ) -> None:
        end_ms = fragment.start_ms + fragment.duration_ms
        place = Place(recording.start_ms, recording.epoch, recording.sequence, index + 1, end_ms)
        token = self._tokens.token(place, self._view.use.claims.ticket_id)
        with _whole():
            if self._view.use.claims.silent:
                data = silent_fragments(bytes(data))
            messages = list(self._packager.media(fragment, data, token))
        measure = self._view.use.measure
        for message in messages:
            await self._context.write(message)
            measure.sent(len(message))
        measure.watched(fragment.start_ms, fragment.duration_ms)
        self._metrics.archive_bytes.inc(len(data))
        self._reached_ms = max(self._reached_ms, end_ms)


def _fragment(recording: Recording, index: int) -> _Fragment:
    start_ms = recording.starts[index]
    return _Fragment(
        start_ms,
        recording.starts[index + 1] - start_ms,
        bool(recording.independent[index]),
        index in recording.lossy,
    )


@contextmanager
def _whole() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise DataLossError("vod.footage_damaged", "this footage is damaged") from error
