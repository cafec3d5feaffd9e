"""A proxy before MinIO that changes answers to LIST as it is told to."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from simulator.ports import free_port

Answer = Callable[[bytes, bytes], bytes]
"""From head and body of an answer to a LIST: all that is sent of it."""


def truthful(head: bytes, body: bytes) -> bytes:
    return head + body


def cut_off(head: bytes, body: bytes) -> bytes:
    """Half of what the head announces, then the end of the connection."""
    return head + body[: len(body) // 2]


def empty(head: bytes, body: bytes) -> bytes:
    """A whole answer that says there is nothing."""
    return _with_length(head, re.sub(rb"<Contents>.*?</Contents>", b"", body, flags=re.S))


def every_other(head: bytes, body: bytes) -> bytes:
    """A whole answer that leaves out every second object."""
    found = re.findall(rb"<Contents>.*?</Contents>", body, flags=re.S)
    for each in found[::2]:
        body = body.replace(each, b"")
    return _with_length(head, body)


def _with_length(head: bytes, body: bytes) -> bytes:
    return re.sub(rb"(?i)content-length: \d+", b"Content-Length: %d" % len(body), head) + body


class Lying:
    """`endpoint` stands for MinIO's own. `answer` says what becomes of a LIST of footage."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._port = free_port()
        self.endpoint = f"http://127.0.0.1:{self._port}"
        self.answer: Answer = truthful
        self.lied = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, limit=1 << 20)
        async with server:
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request and its answer, then the end of the connection."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            body = await reader.readexactly(int(length[1])) if length else b""
            answer = await self._ask(head, body)
            begin, _, rest = answer.partition(b"\r\n\r\n")
            begin = re.sub(rb"(?i)\r\nconnection: [^\r]*", b"", begin) + b"\r\nConnection: close\r\n\r\n"
            path = head.split(b" ", 2)[1]
            is_listed = b"list-type=2" in path and b"prefix=rec%2F" in path
            if is_listed and self.answer is not truthful:
                self.lied += 1
                writer.write(self.answer(begin, rest))
            else:
                writer.write(begin + rest)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _ask(self, head: bytes, body: bytes) -> bytes:
        there, back = await asyncio.open_connection(self._target.hostname, self._target.port)
        try:
            line, _, fields = head.partition(b"\r\n")
            fields = re.sub(rb"(?i)(^|\r\n)connection: [^\r]*", b"", fields)
            back.write(line + b"\r\nConnection: close\r\n" + fields + body)
            await back.drain()
            return await there.read()
        finally:
            back.close()
