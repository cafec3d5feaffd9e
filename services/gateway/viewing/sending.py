"""Footage on its way to who holds a ticket, and cut off when the ticket ends in the middle of it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import structlog
from aiohttp import web

from services.gateway.viewing.desk import TicketDesk
from services.gateway.viewing.room import Room
from services.gateway.viewing.stalls import Stalls
from services.gateway.viewing.use import TicketUse
from snowlight.clock import Clock
from snowlight.errors import SnowlightError

SMALL = 64 << 10
"""What is no longer is left to the connection, which holds as much for anybody."""
AT_ONCE = 256 << 10
"""What is longer is sent in pieces of so many bytes: a slow player may take minutes for it."""
LOOK_S = 0.5

log = structlog.get_logger(__name__)


class Sending:
    """Sends footage, and counts what was sent. Enter `run` in a task."""

    def __init__(self, desk: TicketDesk, room: Room, clock: Clock) -> None:
        self.room = room
        self._desk = desk
        self._clock = clock
        self._running: set[tuple[TicketUse, asyncio.Transport]] = set()
        """Cut when the ticket ends."""
        self._footage: set[asyncio.Transport] = set()
        """Cut when nothing is taken. Downloads of evidence are not: they go to disks, and may stand still."""
        self._stalls = Stalls()

    async def send(
        self,
        request: web.Request,
        use: TicketUse,
        data: bytes,
        content_type: str,
        headers: Mapping[str, str],
        *,
        segment: tuple[int, int] | None = None,
    ) -> web.StreamResponse:
        """`data`, as the answer. `segment`: of a media segment, its number or start, and its duration, ms.

        Raises ResourceExhaustedError while as many answers as may are under way with the ticket, and
        UnavailableError while as much footage is held as there is room for.
        """
        if request.method == "HEAD" or len(data) <= SMALL:
            response = web.Response(body=data, content_type=content_type, headers=headers)
            if request.method != "HEAD":
                count(use, len(data), segment)
            return response
        return await self._stream(request, use, data, content_type, headers, segment)

    def hold(self, use: TicketUse, transport: asyncio.Transport, data: bytes | memoryview) -> None:
        """Cut the connection when the ticket ends or nothing of `data` is taken, until it is released."""
        self._running.add((use, transport))
        self._footage.add(transport)
        self.room.take(use, data)

    def release(self, use: TicketUse, transport: asyncio.Transport, data: bytes | memoryview) -> None:
        """All is sent, or the connection is gone."""
        self._running.discard((use, transport))
        self._footage.discard(transport)
        self.room.give_back(use, data)

    async def stream(
        self,
        request: web.Request,
        response: web.StreamResponse,
        uses: Sequence[TicketUse],
        pieces: AsyncIterator[tuple[bytes, TicketUse | None]],
    ) -> web.StreamResponse:
        """A long answer in pieces, cut off when one of `uses` ends. With a piece: whose footage it is."""
        with ExitStack() as stack:
            for use in uses:
                stack.enter_context(self._cut_when_over(request, use))
            try:
                await response.prepare(request)
                async for piece, owner in pieces:
                    await response.write(piece)
                    for use in uses:
                        self._desk.goes_on(use)
                    if owner is not None:
                        owner.measure.sent(len(piece))
            except ConnectionError:  # whoever loads it is gone, or was cut off
                pass
        return response

    async def run(self) -> None:
        """Cut off what is sent with tickets that have ended and who takes nothing, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            self._cut_stalled()
            async with asyncio.TaskGroup() as group:
                for use in {use for use, _ in self._running}:
                    group.create_task(self._look_at(use))

    def _cut_stalled(self) -> None:
        stalled = self._stalls.find(self._footage, self._clock.monotonic())
        for transport in stalled:
            cut(transport)
        if stalled:
            log.info("viewing.nothing_taken", connections=len(stalled))

    async def _look_at(self, use: TicketUse) -> None:
        try:
            await self._desk.settle(use)
        except SnowlightError:
            for running, transport in list(self._running):
                if running is use:
                    cut(transport)

    async def _stream(
        self,
        request: web.Request,
        use: TicketUse,
        data: bytes,
        content_type: str,
        headers: Mapping[str, str],
        segment: tuple[int, int] | None,
    ) -> web.StreamResponse:
        if (refusal := self.room.refusal(use, data)) is not None:
            raise refusal
        response = web.StreamResponse(headers=headers)
        response.content_type = content_type
        response.content_length = len(data)
        with self._held(request, use, data):
            try:
                await response.prepare(request)
                for start in range(0, len(data), AT_ONCE):
                    piece = data[start : start + AT_ONCE]
                    await response.write(piece)
                    use.measure.sent(len(piece))
            except ConnectionError:  # the player has gone on, or was cut off
                return response
        if segment is not None:
            use.measure.watched(*segment)
        return response

    @contextmanager
    def _held(self, request: web.Request, use: TicketUse, data: bytes) -> Iterator[None]:
        transport = request.transport
        if transport is None:  # gone already
            yield
            return
        self.hold(use, transport, data)
        try:
            yield
        finally:
            self.release(use, transport, data)

    @contextmanager
    def _cut_when_over(self, request: web.Request, use: TicketUse) -> Iterator[None]:
        transport = request.transport
        if transport is None:  # gone already
            yield
            return
        self._running.add((use, transport))
        try:
            yield
        finally:
            self._running.discard((use, transport))


def cut(transport: asyncio.Transport) -> None:
    """End the connection by a reset: a mere close would leave the system to send megabytes it has taken."""
    taken = transport.get_extra_info("socket")
    if taken is not None:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def count(use: TicketUse, size: int, segment: tuple[int, int] | None) -> None:
    """So many bytes were sent; `segment`: they are all of a media segment, its number or start, and its
    duration, ms."""
    use.measure.sent(size)
    if segment is not None:
        use.measure.watched(*segment)
