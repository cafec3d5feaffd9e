"""A way to a server on which connections fall silent: nobody is told, and new ones work at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from simulator.ports import free_port

PIECE = 65_536


@dataclass
class Way:
    """By `port` of 127.0.0.1."""

    to_port: int
    port: int = field(default_factory=free_port)
    opened: int = 0
    """Connections so far."""
    _silent: asyncio.Event = field(default_factory=asyncio.Event)

    def fall_silent(self) -> None:
        """On all connections that there are now nothing more is said, not even that they end."""
        silent, self._silent = self._silent, asyncio.Event()
        silent.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it or this is cancelled."""
        self.opened += 1
        silent = self._silent
        there, back = await asyncio.open_connection("127.0.0.1", self.to_port)
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(_carry(reader, back, silent))
                ways.create_task(_carry(there, writer, silent))
        finally:
            for end in (writer, back):
                end.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, silent: asyncio.Event) -> None:
    with suppress(OSError):
        while piece := await reader.read(PIECE):
            if silent.is_set():
                continue
            writer.write(piece)
            await writer.drain()
    if silent.is_set():
        await asyncio.Event().wait()
    writer.close()


@asynccontextmanager
async def way_to(port: int) -> AsyncIterator[Way]:
    """One to a port of this host."""
    way = Way(port)
    async with asyncio.TaskGroup() as carried:
        tasks: set[asyncio.Task[None]] = set()

        def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tasks.add(carried.create_task(way.carry(reader, writer)))

        server = await asyncio.start_server(come, "127.0.0.1", way.port)
        try:
            yield way
        finally:
            server.close()
            for task in tasks:
                task.cancel()
