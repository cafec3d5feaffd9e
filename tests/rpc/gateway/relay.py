"""A way to a server that a test can cut and mend, or on which nothing comes through any more."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Relay:
    """Passes connections on to `target` (HOST:PORT) while it is whole."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._open: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self.whole = True
        self.address = ""
        self.connections = 0
        """That were taken so far."""
        self.bytes_to_cut = 0
        """Of the target's: after these it cuts by itself, once, and is mended at once. 0: it does not."""
        self.bytes_passed = 0
        """Of the target's, so far."""

    def cut(self) -> None:
        """End all connections and take no more."""
        self.whole = False
        self._flows.set()
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        """Take connections again."""
        self.whole = True

    def silence(self) -> None:
        """Pass nothing on any more, either way, and end nothing: neither hears that the other is gone."""
        self._flows.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on."""
        if not self.whole:
            writer.transport.abort()
            return
        self.connections += 1
        host, _, port = self._target.rpartition(":")
        there_reader, there_writer = await asyncio.open_connection(host, int(port))
        both = {writer, there_writer}
        self._open |= both
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pipe(reader, there_writer, self._flows, lambda length: None))
                group.create_task(_pipe(there_reader, writer, self._flows, self._count))
        finally:
            self._open -= both

    def _count(self, length: int) -> None:
        self.bytes_passed += length
        if self.bytes_to_cut:
            self.bytes_to_cut = max(0, self.bytes_to_cut - length)
            if not self.bytes_to_cut:
                self.cut()
                self.mend()


@asynccontextmanager
async def relaying(target: str) -> AsyncIterator[Relay]:
    """A relay on a port of its own."""
    relay = Relay(target)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    relay.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield relay
    finally:
        relay.cut()
        server.close()


async def _pipe(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    flows: asyncio.Event,
    told: Callable[[int], None],
) -> None:
    """Pass on while it `flows`. `told`: how much has been passed on."""
    try:
        while data := await reader.read(1 << 16):
            await flows.wait()
            writer.write(data)
            told(len(data))
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()
