"""`Media.WatchLive`: a camera's live pictures, told as they come."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from services.gateway.access.guard import calling_officer
from services.gateway.access.packaging import Packager, packager_of
from services.gateway.access.resume_token import ResumeTokens, live_tokens
from services.gateway.access.streams import LOOK_S, Streams
from services.gateway.access.view import View, Views
from services.gateway.cameras.visible import VisibleCameras
from services.gateway.live.following import Break, Following, Next, Place
from services.gateway.live.hub import LiveHub
from services.gateway.live.opening import LiveOpening
from services.gateway.metrics import GatewayMetrics
from snowlight.api.access.v1 import media_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.media.access_envelope import encode_discontinuity
from snowlight.media.rendition import MAIN, RENDITIONS

_Discontinuity = media_pb2.Discontinuity
_REASONS = {
    Break.TOO_SLOW: _Discontinuity.READER_TOO_SLOW,
    Break.SOURCE: _Discontinuity.SOURCE,
    Break.RESUME_TOO_LATE: _Discontinuity.RESUME_TOO_LATE,
}


class LiveWatch:
    """Serves the method."""

    def __init__(
        self,
        views: Views,
        visible: VisibleCameras,
        opening: LiveOpening,
        streams: Streams,
        metrics: GatewayMetrics,
    ) -> None:
        self._views = views
        self._visible = visible
        self._opening = opening
        self._streams = streams
        self._metrics = metrics

    async def serve(self, request: media_pb2.WatchLiveRequest, context: Any) -> None:
        """To its end, which is an error's. Raises InvalidArgumentError naming the field."""
        officer = calling_officer()
        packager = packager_of(request.packaging)
        rendition = request.rendition or MAIN
        if rendition not in RENDITIONS:
            raise InvalidArgumentError(
                "request.rendition", f"rendition must be one of {', '.join(RENDITIONS)}", field="rendition"
            )
        camera = await self._visible.named(officer.person, request.camera, field="camera")
        tokens = live_tokens(camera.uid, rendition)
        after, continues = tokens.read(request.resume_token)
        following = Following(after)
        async with self._views.begun(officer, camera, "live", request.purpose, continues=continues) as view:
            call = _Call(view, rendition, following, tokens, packager, self._opening, self._metrics, context)
            await self._streams.run(call.write(), call.look)


class _Call:
    """One reader. What it is to get next is held back by gRPC's flow control, and not here."""

    def __init__(
        self,
        view: View,
        rendition: str,
        following: Following,
        tokens: ResumeTokens[Place],
        packager: Packager,
        opening: LiveOpening,
        metrics: GatewayMetrics,
        context: Any,
    ) -> None:
        self._view = view
        self._rendition = rendition
        self._following = following
        self._tokens = tokens
        self._packager = packager
        self._opening = opening
        self._metrics = metrics
        self._context = context

    async def look(self) -> None:
        """Raises once it may not go on."""
        await self._view.still()
        self._opening.keep(self._view.use, self._rendition)

    async def write(self) -> None:
        """Tell what comes, until there is nothing to be hoped for."""
        hub = await self._opening.open(self._view.use, self._rendition)
        while True:
            found = self._following.next(hub.window)
            if found is None:
                hub = await self._news(hub)
                continue
            await self._view.still()
            measure = self._view.use.measure
            for message in self._messages(found, hub):
                await self._context.write(message)
                measure.sent(len(message))
                self._metrics.live_bytes.inc(len(message))
            measure.watched(found.part.start_ms, found.part.duration_ms)

    async def _news(self, hub: LiveHub) -> LiveHub:
        """Wait for something to come. Raises UnavailableError as `LiveOpening` does."""
        try:
            async with asyncio.timeout(LOOK_S):
                await hub.news()
        except TimeoutError:
            self._opening.require_up(hub)
        if hub.fresh:
            return hub
        return await self._opening.open(self._view.use, self._rendition)

    def _messages(self, found: Next, hub: LiveHub) -> Iterator[bytes]:
        part, silent = found.part, self._view.use.claims.silent
        if found.gap is not None:
            yield encode_discontinuity(_REASONS[found.gap], found.last_end_ms, part.start_ms)
        if found.begins:
            yield self._packager.description(hub.window.init_of(part.session).data, silent=silent)
        place = Place(part.session, part.number, part.end_ms)
        token = self._tokens.token(place, self._view.use.claims.ticket_id)
        yield from self._packager.media(part, hub.window.part_data(part, silent=silent), token)
