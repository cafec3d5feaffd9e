"""One WebSocket (RFC 6455) that carries the live pictures of a wall's tiles."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import termios

from aiohttp import WSCloseCode, WSMsgType, web

from services.gateway.live.opening import LiveOpening
from services.gateway.metrics import GatewayMetrics
from services.gateway.tickets import TicketCheck
from services.gateway.viewing.sending import cut
from services.gateway.wall.messages import LONGEST_MESSAGE, Order, failure, id_of, read_order
from services.gateway.wall.tile import Tile
from snowlight.errors import (
    AlreadyExistsError,
    ExpiredError,
    InvalidArgumentError,
    PermissionDeniedError,
    ResourceExhaustedError,
    SnowlightError,
    UnauthenticatedError,
)

MOST_TILES = 64
MOST_MISTAKES = 20
"""Of one client, before the socket is closed."""
PING_S = 20.0
LOOK_S = 0.5
"""How often each tile's ticket is looked at while no picture comes."""
FLUSH_S = 1.0
"""What was sent of a tile before its right ended must have left by then, or the connection is cut."""
_RIGHT_IS_OVER = (UnauthenticatedError, PermissionDeniedError, ExpiredError)
"""Why a tile ends of which not a picture more may arrive."""
_FRAME_BYTES = 14  # the longest head of a frame (RFC 6455 section 5.2)


class WallSocket:
    """A client's tiles. One task writes, a message at a time: a slow client holds up itself alone."""

    def __init__(
        self, request: web.Request, tickets: TicketCheck, opening: LiveOpening, metrics: GatewayMetrics
    ) -> None:
        self._request = request
        self._tickets = tickets
        self._opening = opening
        self._metrics = metrics
        self._socket = web.WebSocketResponse(
            heartbeat=PING_S, max_msg_size=LONGEST_MESSAGE, compress=False, timeout=1.0
        )
        self._tiles: dict[int, Tile] = {}
        self._asking: dict[int, asyncio.Task[None]] = {}
        """What opens a tile, or asks for its ticket anew, by the tile's id."""
        self._news = asyncio.Event()
        self._written = 0
        self._mistakes = 0

    async def run(self) -> web.WebSocketResponse:
        """Serve it to its end. Raises InvalidArgumentError when the request is no handshake."""
        if not self._socket.can_prepare(self._request):
            raise InvalidArgumentError("ws.handshake", "this path takes a WebSocket")
        await self._socket.prepare(self._request)
        try:
            async with asyncio.TaskGroup() as group:
                work = [group.create_task(self._write(group)), group.create_task(self._look(group))]
                await self._read(group)
                for task in (*work, *self._asking.values()):
                    task.cancel()
        finally:
            for tile in self._tiles.values():
                tile.hub.listeners.discard(self._news)
        return self._socket

    async def close(self) -> None:
        """The gateway stops."""
        await self._socket.close(code=WSCloseCode.GOING_AWAY)

    async def _read(self, group: asyncio.TaskGroup) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                await self._refuse(None, InvalidArgumentError("ws.malformed", "a message must be JSON text"))
                continue
            try:
                self._take(read_order(message.data), group)
            except SnowlightError as error:
                await self._refuse(id_of(message.data), error)

    def _take(self, order: Order, group: asyncio.TaskGroup) -> None:
        if order.op == "stop":
            self._forget(order.id)
            return
        if order.id in self._tiles or order.id in self._asking:
            raise AlreadyExistsError("ws.id_in_use", "this id is being watched already", field="id")
        if len(self._tiles.keys() | self._asking.keys()) >= MOST_TILES:
            raise ResourceExhaustedError("ws.too_many_tiles", f"a socket carries {MOST_TILES} at most")
        self._ask(order, group)

    async def _refuse(self, number: int | None, error: SnowlightError) -> None:
        self._mistakes += 1
        await self._say(failure(number, error))
        if self._mistakes >= MOST_MISTAKES:
            await self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"too many mistakes")

    async def _write(self, group: asyncio.TaskGroup) -> None:
        """Send what comes, a step of each tile in turn."""
        while True:
            await self._news.wait()
            self._news.clear()
            while any([await self._send_next(tile, group) for tile in list(self._tiles.values())]):
                pass

    async def _send_next(self, tile: Tile, group: asyncio.TaskGroup) -> bool:
        if self._tiles.get(tile.number) is not tile or tile.number in self._asking:
            return False
        if not self._tickets.holds(tile.order.ticket):
            self._ask(tile.order, group)
            return False
        step = tile.next()
        if step is None:
            return False
        for message in step.messages:
            await self._say(message)
            tile.use.measure.sent(len(message))
        tile.use.measure.watched(step.part.start_ms, step.part.duration_ms)
        self._metrics.live_bytes.inc(len(step.messages[-1]))
        return True

    async def _look(self, group: asyncio.TaskGroup) -> None:
        """Hold each tile's ticket and camera against what is known, also while no picture comes."""
        while True:
            await asyncio.sleep(LOOK_S)
            for tile in list(self._tiles.values()):
                if tile.number in self._asking:
                    continue
                try:
                    self._opening.require_up(tile.hub)
                except SnowlightError as error:
                    await self._end(tile.number, error, group)
                    continue
                if self._tickets.watches(tile.order.ticket, self._request) and tile.hub.fresh:
                    self._opening.keep(tile.use, tile.hub.rendition)
                else:
                    self._ask(tile.order, group)

    def _ask(self, order: Order, group: asyncio.TaskGroup) -> None:
        task = group.create_task(self._open(order, group))
        self._asking[order.id] = task
        task.add_done_callback(lambda done: self._asked(order.id, done))

    def _asked(self, number: int, task: asyncio.Task[None]) -> None:
        if self._asking.get(number) is task:
            del self._asking[number]
        self._news.set()

    async def _open(self, order: Order, group: asyncio.TaskGroup) -> None:
        """Open a tile, or find out whether it may go on. Ends it with the reason when not."""
        try:
            use = await self._tickets.open_token(order.ticket, self._request, "live")
            hub = await self._opening.open(use, order.rendition)
            await self._tickets.still(use)
        except SnowlightError as error:
            await self._end(order.id, error, group)
            return
        tile = self._tiles.get(order.id)
        if tile is None or tile.hub is not hub:
            self._forget_tile(order.id)
            self._tiles[order.id] = Tile(order, use, hub)
            hub.listeners.add(self._news)

    async def _end(self, number: int, error: SnowlightError, group: asyncio.TaskGroup) -> None:
        if self._forget_tile(number) and isinstance(error, _RIGHT_IS_OVER):
            group.create_task(self._flush_or_cut(self._written))
        await self._say(failure(number, error))

    def _forget(self, number: int) -> None:
        """The client has stopped the tile."""
        self._forget_tile(number)
        if (task := self._asking.pop(number, None)) is not None:
            task.cancel()

    def _forget_tile(self, number: int) -> bool:
        tile = self._tiles.pop(number, None)
        if tile is None:
            return False
        if all(other.hub is not tile.hub for other in self._tiles.values()):
            tile.hub.listeners.discard(self._news)
        return True

    async def _say(self, message: str | bytes) -> None:
        """Send a message. Where nobody receives it any more, the reader ends the rest."""
        self._written += len(message) + _FRAME_BYTES
        try:
            if isinstance(message, str):
                await self._socket.send_str(message)
            else:
                await self._socket.send_bytes(message)
        except ConnectionError:
            return

    async def _flush_or_cut(self, written: int) -> None:
        """Pictures of a tile whose right has ended may lie in buffers before a slow client: they are not to
        arrive late, even if that ends all its tiles."""
        await asyncio.sleep(FLUSH_S)
        transport = self._request.transport
        if transport is not None and _unsent(transport) > self._written - written:
            cut(transport)


def _unsent(transport: asyncio.Transport) -> int:
    """Bytes that were written and have not arrived, in this process and in the system's buffers."""
    waiting = transport.get_write_buffer_size()
    handle: socket.socket | None = transport.get_extra_info("socket")
    if handle is None or handle.fileno() < 0:
        return waiting
    (queued,) = struct.unpack("i", fcntl.ioctl(handle.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))
    return waiting + int(queued)
