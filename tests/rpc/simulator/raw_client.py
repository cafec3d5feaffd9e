"""An RTSP client that shows what comes over the wire as it is."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Response:
    status: int
    head: str
    body: bytes


@dataclass(frozen=True)
class Frame:
    """One interleaved frame of RTP or RTCP."""

    channel: int
    payload: bytes

    @property
    def sequence(self) -> int:
        return int.from_bytes(self.payload[2:4], "big")

    @property
    def timestamp(self) -> int:
        return int.from_bytes(self.payload[4:8], "big")


class RawClient:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: str) -> None:
        self.reader, self.writer, self.url = reader, writer, url
        self._cseq = 0

    async def request(self, method: str, url: str = "", *headers: str) -> Response:
        self._cseq += 1
        lines = [f"{method} {url or self.url} RTSP/1.0", f"CSeq: {self._cseq}", *headers]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        return await self.response()

    async def response(self) -> Response:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"Content-Length: (\d+)", head)
        body = await self.reader.readexactly(int(length[1])) if length else b""
        return Response(int(head.split(" ")[1]), head, body)

    async def play(self, tracks: int = 1) -> Response:
        """SETUP of so many tracks on channels 0, 2, ..., then PLAY."""
        session = ""
        for track in range(tracks):
            transport = f"Transport: RTP/AVP/TCP;unicast;interleaved={2 * track}-{2 * track + 1}"
            answer = await self.request("SETUP", f"{self.url}/trackID={track}", transport)
            assert answer.status == 200, answer.head
            found = re.search(r"Session: (\w+)", answer.head)
            assert found is not None
            session = found[1]
        return await self.request("PLAY", "", f"Session: {session}")

    async def frame(self) -> Frame:
        """The next interleaved frame; IncompleteReadError at the end."""
        header = await self.reader.readexactly(4)
        assert header[0] == 0x24, header
        return Frame(header[1], await self.reader.readexactly(int.from_bytes(header[2:], "big")))


@asynccontextmanager
async def connected(port: int, path: str) -> AsyncIterator[RawClient]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield RawClient(reader, writer, f"rtsp://127.0.0.1:{port}/{path}")
    finally:
        writer.close()
