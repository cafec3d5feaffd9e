"""The listening socket and the connections that come out of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from simulator.rtsp.connection import Connection, Endpoint


@asynccontextmanager
async def listen(host: str, port: int, find: Callable[[str], Endpoint | None]) -> AsyncIterator[int]:
    """Serves what `find` knows of a path until the context ends, when every connection is cut.

    Yields the port, which the system chooses where it is 0.
    """
    connections: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(Connection(find, reader, writer).serve())
        connections.add(task)
        task.add_done_callback(connections.discard)

    server = await asyncio.start_server(accept, host, port, backlog=4096)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
