"""An RTSP server that says exactly what a test wants it to."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.unit.sources.packets import frame
from tests.unit.sources.test_h264 import IDR, SLICE

SDP = (
    "v=0\r\ns=scripted\r\nt=0 0\r\na=control:*\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z2QAKKzZQHgCJ+XARAAAAwAEAAADAMg8YMZY,aOvjyyLA\r\n"
    "a=control:trackID=0\r\n"
)
TRANSPORT = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 12345678;timeout=60\r\n"
UDP_TRANSPORT = (
    "Transport: RTP/AVP;unicast;client_port=5000-5001;server_port=5004-5005\r\nSession: 12345678\r\n"
)


class Client:
    """The server's side of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: list[str]) -> None:
        self._reader = reader
        self._writer = writer
        self._asked = asked
        self.request = ""
        self.sequence = "0"

    async def next(self) -> str:
        """The method of the next request."""
        self.request = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        found = re.search(r"CSeq: (\d+)", self.request)
        self.sequence = found[1] if found else "0"
        self._asked.append(" ".join(self.request.split()[:2]))
        return self.request.split()[0]

    def reply(self, status: str = "200 OK", headers: str = "", body: str = "") -> None:
        """Answer the request at hand."""
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        self.send(f"RTSP/1.0 {status}\r\nCSeq: {self.sequence}\r\n{headers}{length}\r\n{body}".encode())

    def send(self, data: bytes) -> None:
        """Any bytes at all."""
        self._writer.write(data)

    async def until_playing(self, *, sdp: str = SDP, transport: str = TRANSPORT, base: str = "") -> None:
        """The dialogue of a camera in good order, up to and with the answer to PLAY."""
        while True:
            method = await self.next()
            self.answer(sdp=sdp, transport=transport, base=base)
            if method not in ("OPTIONS", "DESCRIBE", "SETUP"):
                return

    def answer(self, *, sdp: str = SDP, transport: str = TRANSPORT, base: str = "") -> None:
        """Answer the request at hand as a camera in good order does."""
        method = self.request.split()[0]
        if method == "OPTIONS":
            self.reply(headers="Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n")
        elif method == "DESCRIBE":
            self.reply(headers=base, body=sdp)
        elif method == "SETUP":
            self.reply(headers=transport)
        else:
            self.reply()

    async def pictures(self, count: int = 10_000, *, first: int = 0) -> None:
        """Pictures at 100 a second, so that tests need not wait."""
        for picture in range(first, first + count):
            unit = SLICE if picture % 25 else IDR
            self.send(frame(unit, sequence=picture, timestamp=3600 * picture, marker=True))
            await asyncio.sleep(0.01)


@asynccontextmanager
async def scripted(
    script: Callable[[Client], Awaitable[None]],
) -> AsyncIterator[tuple[str, list[str]]]:
    """Serve `script` to each connection; gives the URL and the requests so far, as "METHOD URL"."""
    asked: list[str] = []
    scripts: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        scripts.add(task)
        try:
            await script(Client(reader, writer, asked))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            scripts.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"rtsp://127.0.0.1:{port}/cam?channel=1", asked
    finally:
        server.close()
        for task in list(scripts):
            task.cancel()
        await asyncio.gather(*scripts, return_exceptions=True)
