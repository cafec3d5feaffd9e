"""One client's stream of events, as text/event-stream."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from aiohttp import web

from services.gateway.cameras import happenings
from services.gateway.events.choice import Choice
from services.gateway.events.frames import ANEW, RETRY, frame, heartbeat
from services.gateway.events.mark import Mark
from services.gateway.events.telling import LOOK_S, Sources, Telling, Told
from services.gateway.people.sight import Person
from services.gateway.viewing.sending import cut
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import SnowlightError

log = structlog.get_logger(__name__)


class EventStream:
    """Written by one task, ended by another."""

    def __init__(self, request: web.Request, person: Person, choice: Choice, sources: Sources) -> None:
        self._request = request
        self._person = person
        self._sources = sources
        self._telling = Telling(person, choice, sources, self)
        self._response = web.StreamResponse(
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # a proxy must not collect it
        )
        self._response.content_type = "text/event-stream"
        self._writing: asyncio.Task[None] | None = None

    async def run(self, mark: Mark | None) -> web.StreamResponse:
        """Serve it to its end, from `mark` on where that is still known. Raises SnowlightError before the
        first byte only."""
        await self._telling.begin()
        await self._response.prepare(self._request)
        with self._sources.exports.listening():
            async with asyncio.TaskGroup() as group:
                self._writing = group.create_task(self._write(mark))
                await self._until_over(self._writing)
                self._writing.cancel()
        await self._end()
        return self._response

    def close(self) -> None:
        """The gateway stops."""
        if self._writing is not None:
            self._writing.cancel()

    async def _until_over(self, writing: asyncio.Task[None]) -> None:
        """Wait until nothing is written any more, the client is gone, or its right has ended."""
        while not writing.done():
            await asyncio.wait([writing], timeout=LOOK_S)
            transport = self._request.transport
            if transport is None or transport.is_closing() or not await self._may():
                return

    async def _may(self) -> bool:
        revocations = self._sources.revocations
        if self._sources.clock.monotonic() >= revocations.lost_at:
            return False
        try:
            await self._sources.verifier.access_token(self._person.access_token)
        except SnowlightError:
            return False
        return True

    async def _end(self) -> None:
        """A last chunk, so that the client knows of the end. Who has not taken what was sent is cut off."""
        transport = self._request.transport
        if transport is None:
            return
        if transport.get_write_buffer_size():
            cut(transport)
            return
        await self._response.write_eof()

    async def _write(self, mark: Mark | None) -> None:
        try:
            await self._response.write(RETRY)
            await self._telling.run(mark)
        except ConnectionError:
            return
        except SnowlightError as error:  # it comes again
            log.info("events.ended", principal=self._person.name, error=error.code)

    async def reset(self) -> None:
        await self._response.write(frame("reset", b"{}", ANEW))

    async def cameras(self, cameras: Sequence[camera_pb2.Camera]) -> None:
        state_ms = self._sources.model.state_ms
        states = (happenings.state_now(camera, state_ms(camera.uid)).body for camera in cameras)
        await self._response.write(b"".join(frame("camera_state", body, ANEW) for body in states))

    async def synced(self, mark: Mark) -> None:
        await self._response.write(frame("synced", b"{}", mark))

    async def told(self, news: Sequence[Told]) -> None:
        await self._response.write(b"".join(frame(one.kind, one.body, one.mark) for one in news))

    async def silent(self, mark: Mark) -> None:
        await self._response.write(heartbeat(mark))
