"""A server that asks and does not read the answers costs no memory and keeps no connection open."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.ingest.sources.rtsp.client.connection import Connection
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.rtsp.message import Headers, Request
from services.ingest.sources.source import SourceError


class Watched(Connection):
    """Tells when its transport is gone, and what that still had to send while it was there."""

    def __init__(self) -> None:
        super().__init__(lambda request: None, ReadRounds())
        self.lost = asyncio.Event()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.lost.set()


@asynccontextmanager
async def deaf_server() -> AsyncIterator[tuple[Watched, socket.socket]]:
    """A connection, and the far end of it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Watched, *server.getsockname())
        far, _ = server.accept()
        with far:
            yield connection, far


def options(sequence: str) -> Request:
    return Request("OPTIONS", "*", Headers((("cseq", sequence),)))


@pytest.mark.parametrize("farewell", [True, False])
async def test_answers_that_are_not_read_end_the_connection_before_they_pile_up(farewell: bool) -> None:
    async with deaf_server() as (connection, _):
        for number in range(20_000):
            connection.respond(options(str(number)), 200, "OK")
        with pytest.raises(SourceError, match="does not read") as caught:
            connection.closed.result()
        assert caught.value.code == "camera.protocol_error"
        assert connection.transport is not None
        assert 0 < connection.transport.get_write_buffer_size() < 66 << 10
        connection.close(farewell=farewell)
        await asyncio.wait_for(connection.lost.wait(), 5)


async def test_a_request_with_an_endless_number_is_not_answered() -> None:
    async with deaf_server() as (connection, _):
        connection.respond(options("1" * 32), 200, "OK")
        assert not connection.closed.done()
        connection.respond(options("1" * 33), 200, "OK")
        with pytest.raises(SourceError, match="numbers its requests") as caught:
            connection.closed.result()
        assert caught.value.code == "camera.protocol_error"
        connection.close(farewell=False)
        await asyncio.wait_for(connection.lost.wait(), 5)


async def test_what_was_sent_arrives_when_the_server_reads() -> None:
    async with deaf_server() as (connection, far):
        connection.respond(options("7"), 200, "OK")
        connection.close(farewell=False)
        await asyncio.wait_for(connection.lost.wait(), 5)
        far.settimeout(5)
        assert far.recv(4096) == b"RTSP/1.0 200 OK\r\nCSeq: 7\r\n\r\n"
        assert far.recv(4096) == b""
