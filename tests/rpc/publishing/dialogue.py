"""Cameras that a test plays itself, word for word."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.ingest.publishing.rtmp.amf0 import Value, read_values, write_values
from services.ingest.publishing.rtmp.chunks import ChunkReader, Message, MessageType, write_message

PATIENCE_S = 20.0
SDP = """v=0\r
s=gate\r
m=video 0 RTP/AVP 96\r
a=rtpmap:96 H264/90000\r
a=control:streamid=0\r
"""


@dataclass
class RtspCamera:
    """Sends requests and reads answers."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    port: int
    sequence: int = 0

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: str = ""
    ) -> tuple[int, str]:
        """Status and reason of the answer."""
        self.sequence += 1
        lines = [f"{method} rtsp://127.0.0.1:{self.port}/{path} RTSP/1.0", f"CSeq: {self.sequence}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body:
            lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        self.writer.write(("\r\n".join([*lines, "", ""]) + body).encode())
        async with asyncio.timeout(PATIENCE_S):
            answer = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        _, status, reason = answer.partition("\r\n")[0].split(" ", 2)
        return int(status), reason

    async def announce(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        return await self.ask("ANNOUNCE", path, headers, SDP)


@asynccontextmanager
async def rtsp_camera(port: int) -> AsyncIterator[RtspCamera]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield RtspCamera(reader, writer, port)
    finally:
        writer.close()


@dataclass
class RtmpCamera:
    """Sends commands and reads what comes until the other side hangs up."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    received: list[Message] = field(default_factory=list)

    def command(self, name: str, number: float, *values: Value) -> None:
        data = write_values(name, number, *values)
        self.writer.write(write_message(MessageType.COMMAND, data, chunk_stream=3))

    async def publish(self, name: str) -> str:
        """Say all that leads to publishing; what the status says in the end."""
        self.writer.write(b"\x03" + bytes(2 * 1536))
        chunk_size = (4096).to_bytes(4, "big")
        self.writer.write(write_message(MessageType.SET_CHUNK_SIZE, chunk_size))
        self.command("connect", 1, {"app": "live", "tcUrl": "rtmp://127.0.0.1/live"})
        self.command("createStream", 2, None)
        self.command("publish", 3, None, name, "live")
        async with asyncio.timeout(PATIENCE_S):
            await self.reader.readexactly(1 + 2 * 1536)
            chunks = ChunkReader(self.received.append)
            while not (told := self._status()):
                data = await self.reader.read(4096)
                assert data, "hung up without a word"
                chunks.feed(data)
        return told

    def _status(self) -> str:
        for message in self.received:
            values = read_values(message.data) if message.kind == MessageType.COMMAND else []
            if values and values[0] == "onStatus":
                status = values[3]
                assert isinstance(status, dict)
                return str(status["description"])
        return ""

    async def flood(self, size: int) -> None:
        """Send pictures of a megabyte until the other side hangs up or `size` bytes are sent."""
        slices = b"\x65" * (1 << 20)
        picture = b"\x17\x01\x00\x00\x00" + len(slices).to_bytes(4, "big") + slices
        message = write_message(MessageType.VIDEO, picture, chunk_stream=4, stream=1)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE_S):
                for _ in range(size >> 20):
                    self.writer.write(message)
                    await self.writer.drain()

    async def hung_up(self) -> None:
        """Wait until the other side closes."""
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(ConnectionError):
                while await self.reader.read(4096):
                    pass


@asynccontextmanager
async def rtmp_camera(port: int) -> AsyncIterator[RtmpCamera]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield RtmpCamera(reader, writer)
    finally:
        writer.close()
