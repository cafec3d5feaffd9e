"""A kept connection to a site, byte by byte."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from tests.rpc.gateway.site import Site


class Connection:
    """One kept connection to a site."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, path: str, further: str = "") -> tuple[int, dict[str, str], bytes]:
        """Status, header fields without the date and the request's id, and body of an answer."""
        self.writer.write(request(path, further))
        return await self.answer()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        async with asyncio.timeout(10):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().splitlines()
            fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            assert fields.pop("date").endswith("gmt")
            fields.pop("x-request-id", None)  # an answer from memory has none
            return (
                int(head[0].split()[1]),
                fields,
                await self.reader.readexactly(int(fields["content-length"])),
            )


def request(path: str, further: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: a\r\nUser-Agent: player\r\n{further}\r\n".encode()


async def connect(site: Site) -> Connection:
    url = urlsplit(site.url)
    return Connection(*await asyncio.open_connection(url.hostname, url.port))
