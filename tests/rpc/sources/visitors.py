"""A server where nobody should come, and whether somebody did."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass
class Visitors:
    """Connections and datagrams so far, at one port of `host`."""

    host: str
    port: int = 0
    visits: int = 0


class _Door(asyncio.DatagramProtocol):
    def __init__(self, visitors: Visitors) -> None:
        self._visitors = visitors

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._visitors.visits += 1


@asynccontextmanager
async def counting_visitors(host: str) -> AsyncIterator[Visitors]:
    """Listen on a port of `host`, by TCP and by UDP, and answer nothing."""
    visitors = Visitors(host)

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visitors.visits += 1
        writer.close()

    server = await asyncio.start_server(welcome, host, 0)
    visitors.port = server.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    datagrams, _ = await loop.create_datagram_endpoint(
        lambda: _Door(visitors), local_addr=(host, visitors.port)
    )
    try:
        async with server:
            yield visitors
    finally:
        datagrams.close()
