"""GET /v1/events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from services.gateway.events.choice import TYPES, Choice
from services.gateway.events.frames import read_mark
from services.gateway.events.stream import EventStream
from services.gateway.events.telling import Sources
from services.gateway.http.routes import Parameter, Route
from snowlight.errors import ResourceExhaustedError

MOST_STREAMS = 2_000
MOST_OF_ONE = 16
"""Of one principal: a browser has so many tabs, and six connections."""
_RETRY_AFTER_S = 10


class EventRoutes:
    """Opens streams, so many at once, and ends them when the gateway stops."""

    def __init__(
        self, sources: Sources, *, most_streams: int = MOST_STREAMS, most_of_one: int = MOST_OF_ONE
    ) -> None:
        self._sources = sources
        self._most_streams = most_streams
        self._most_of_one = most_of_one
        self._open: set[EventStream] = set()
        self._of_principal: Counter[str] = Counter()

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/v1/events",
                self.serve,
                "Server-sent events of the cameras the caller sees and of their exports (docs/events.md).",
                parameters=(
                    Parameter("types", f"Only these, comma-separated: {', '.join(TYPES)}."),
                    Parameter("region", "regions/{code}: only of cameras in it and below."),
                    Parameter("Last-Event-ID", "Goes on after this event.", place="header"),
                    Parameter("last_event_id", "The same, for who cannot set headers."),
                ),
                answer={"type": "string"},
                answer_type="text/event-stream",
                errors=(400, 401, 404, 429, 503),
            ),
        )

    async def serve(self, request: web.Request) -> web.StreamResponse:
        person = await self._sources.identity.person(request)
        choice, mark = Choice.read(request.query), read_mark(request.headers, request.query)
        if request.method == "HEAD":
            return web.Response(content_type="text/event-stream", headers={"Cache-Control": "no-store"})
        stream = EventStream(request, person, choice, self._sources)
        with self._counted(stream, person.name):
            return await stream.run(mark)

    async def close(self, _site: web.Application) -> None:
        """End all streams: the gateway stops."""
        for stream in self._open:
            stream.close()

    @contextmanager
    def _counted(self, stream: EventStream, principal: str) -> Iterator[None]:
        if len(self._open) >= self._most_streams or self._of_principal[principal] >= self._most_of_one:
            raise ResourceExhaustedError(
                "events.too_many_streams",
                f"{self._most_of_one} of one principal and {self._most_streams} in all are open at most",
                retry_after_s=_RETRY_AFTER_S,
            )
        self._open.add(stream)
        self._of_principal[principal] += 1
        try:
            yield
        finally:
            self._open.discard(stream)
            self._of_principal[principal] -= 1
            if not self._of_principal[principal]:
                del self._of_principal[principal]
