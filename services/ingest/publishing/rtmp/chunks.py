"""The chunk stream (RTMP 1.0, 5.3): messages cut into chunks that may be interleaved."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from services.ingest.sources.allowance import Allowance
from services.ingest.sources.source import SourceError

MAX_GATHERED = 16 << 20
"""Bytes of all messages of a connection that are not whole yet."""
MAX_MODEST = 64 << 10
"""As many while nobody is let in: a command is far smaller."""
_MAX_STREAMS = 32
_DEFAULT_CHUNK_SIZE = 128
SENT_CHUNK_SIZE = 4096
_EXTENDED = 0xFFFFFF
_GOES_ON = 0xC2  # type 3, an id that needs no further byte
_HEADER_SIZES = (11, 7, 3, 0)  # by the chunk's type; the basic header stands before, an extended time behind
_CHUNKS = 40_000
_CHUNKS_PER_SECOND = 20_000  # of 128 bytes, the least in use, 20 Mb/s
_BYTES = 32 << 20
_BYTES_PER_SECOND = 8 << 20


class MessageType(IntEnum):
    """RTMP 1.0, 5.4, 6.2 and 7.1."""

    SET_CHUNK_SIZE = 1
    ABORT = 2
    ACKNOWLEDGEMENT = 3
    USER_CONTROL = 4
    WINDOW_ACKNOWLEDGEMENT_SIZE = 5
    SET_PEER_BANDWIDTH = 6
    AUDIO = 8
    VIDEO = 9
    COMMAND_AMF3 = 17
    DATA = 18
    COMMAND = 20


@dataclass(frozen=True, slots=True)
class Message:
    """`timestamp` in ms, 32 bits that wrap. `kind` is a MessageType, or a number that is not known."""

    kind: int
    stream: int
    timestamp: int
    data: bytes


@dataclass(slots=True)
class _ChunkStream:
    """What the headers of a chunk stream leave out is as it was before."""

    timestamp: int = 0
    delta: int = 0
    length: int = 0
    kind: int = 0
    stream: int = 0
    extended: bool = False
    gathered: bytearray = field(default_factory=bytearray)


class ChunkReader:
    """Puts messages together and follows the sender's chunk size.

    Raises SourceError camera.protocol_error from `feed` for what breaks the protocol, and for more chunks,
    bytes or unfinished messages than a camera has reason to send.
    """

    def __init__(self, on_message: Callable[[Message], None]) -> None:
        self.received = 0
        """Bytes so far."""
        self.modest = True
        """Nobody is let in yet."""
        self._on_message = on_message
        self._streams: dict[int, _ChunkStream] = {}
        self._chunk_size = _DEFAULT_CHUNK_SIZE
        self._header = bytearray()  # what came of one that is not whole
        self._current: _ChunkStream | None = None
        self._left = 0  # bytes of the current chunk
        self._gathered = 0
        self._chunks = Allowance("chunks", burst=_CHUNKS, per_second=_CHUNKS_PER_SECOND)
        self._bytes = Allowance("bytes", burst=_BYTES, per_second=_BYTES_PER_SECOND)

    def feed(self, data: bytes) -> None:
        """Take what was received."""
        self._bytes.take(len(data))
        self.received += len(data)
        if self._header:
            data = bytes(self._header) + data
            self._header.clear()
        position = 0
        while position < len(data):
            if self._current is not None:
                position = self._gather(self._current, data, position)
                continue
            first = data[position]
            chunks = self._streams.get(first & 0x3F) if first >= _GOES_ON else None
            if chunks is not None and chunks.gathered and not chunks.extended:
                position += 1  # nearly all chunks: a message goes on, and the header is one byte
                self._expect(chunks)
                continue
            begun = self._begin_chunk(data, position)
            if begun == position:
                self._header += data[position:]
                return
            position = begun

    def _begin_chunk(self, data: bytes, start: int) -> int:
        """Read a chunk's header; returns where it ends, or `start` while it is not whole."""
        kind, number = data[start] >> 6, data[start] & 0x3F
        position = start + 1
        if number < 2:  # 5.3.1.1: ids from 64 on stand in one or two more bytes
            position += 1 + number
            if position > len(data):
                return start
            number = 64 + int.from_bytes(data[start + 1 : position], "little")
        fields = position
        position += _HEADER_SIZES[kind]
        if position > len(data):
            return start
        chunks = self._streams.get(number)
        fresh = chunks is None or not chunks.gathered
        stamp = int.from_bytes(data[fields : fields + 3], "big") if kind < 3 else 0
        extended = stamp == _EXTENDED if kind < 3 else chunks is not None and chunks.extended
        if extended:
            if position + 4 > len(data):
                return start
            told = int.from_bytes(data[position : position + 4], "big")
            # Some senders leave it out where a message goes on, though 5.3.1.3 wants it.
            if kind < 3 or fresh or chunks is None or told in (chunks.timestamp, chunks.delta):
                stamp = told
                position += 4
        if chunks is None:
            chunks = self._open(number, kind)
        if kind < 3 or fresh:
            self._begin_message(chunks, kind, stamp, extended, data[fields:position])
        self._expect(chunks)
        return position

    def _expect(self, chunks: _ChunkStream) -> None:
        """The header of a chunk was read: its bytes come next."""
        self._chunks.take()
        self._current = chunks
        self._left = min(self._chunk_size, chunks.length - len(chunks.gathered))
        if not self._left:
            self._end_chunk(chunks)

    def _open(self, number: int, kind: int) -> _ChunkStream:
        if kind != 0 and kind != 1:  # some begin with type 1, as if there had been a message at 0
            raise SourceError("camera.protocol_error", "a chunk stream begins in its middle")
        if len(self._streams) == _MAX_STREAMS:
            raise SourceError("camera.protocol_error", f"more than {_MAX_STREAMS} chunk streams")
        chunks = self._streams[number] = _ChunkStream()
        return chunks

    def _begin_message(
        self, chunks: _ChunkStream, kind: int, stamp: int, extended: bool, fields: bytes
    ) -> None:
        self._gathered -= len(chunks.gathered)
        chunks.gathered = bytearray()  # a message that another begins over is dropped
        if kind < 3:
            chunks.delta, chunks.extended = stamp, extended
        chunks.timestamp = stamp if kind == 0 else (chunks.timestamp + chunks.delta) & 0xFFFFFFFF
        if kind < 2:
            chunks.length = int.from_bytes(fields[3:6], "big")
            chunks.kind = fields[6]
        if kind == 0:
            chunks.stream = int.from_bytes(fields[7:11], "little")
        most = MAX_MODEST if self.modest else MAX_GATHERED
        if chunks.length > most:
            raise SourceError("camera.protocol_error", f"a message of more than {most} bytes")

    def _gather(self, chunks: _ChunkStream, data: bytes, position: int) -> int:
        end = min(position + self._left, len(data))
        chunks.gathered += data[position:end]
        self._gathered += end - position
        self._left -= end - position
        if self._gathered > (MAX_MODEST if self.modest else MAX_GATHERED):
            raise SourceError("camera.protocol_error", "too many messages are begun and not ended")
        if not self._left:
            self._end_chunk(chunks)
        return end

    def _end_chunk(self, chunks: _ChunkStream) -> None:
        self._current = None
        if len(chunks.gathered) < chunks.length:
            return
        self._gathered -= len(chunks.gathered)
        data, chunks.gathered = bytes(chunks.gathered), bytearray()
        message = Message(chunks.kind, chunks.stream, chunks.timestamp, data)
        if chunks.kind == MessageType.SET_CHUNK_SIZE:
            self._set_chunk_size(message)
        elif chunks.kind == MessageType.ABORT:
            self._abort(message)
        else:
            self._on_message(message)

    def _set_chunk_size(self, message: Message) -> None:
        size = int.from_bytes(message.data[:4], "big") & 0x7FFFFFFF
        if len(message.data) < 4 or not size:
            raise SourceError("camera.protocol_error", "an impossible chunk size")
        self._chunk_size = size

    def _abort(self, message: Message) -> None:
        chunks = self._streams.get(int.from_bytes(message.data[:4], "big"))
        if chunks is not None:
            self._gathered -= len(chunks.gathered)
            chunks.gathered = bytearray()


def write_message(kind: MessageType, data: bytes, *, chunk_stream: int = 2, stream: int = 0) -> bytes:
    """A message at time 0, in chunks of `SENT_CHUNK_SIZE`. `chunk_stream` is from 2 to 63."""
    header = bytes((chunk_stream, 0, 0, 0)) + len(data).to_bytes(3, "big") + bytes((kind,))
    chunks = [data[at : at + SENT_CHUNK_SIZE] for at in range(0, len(data), SENT_CHUNK_SIZE)] or [b""]
    return header + stream.to_bytes(4, "little") + bytes((0xC0 | chunk_stream,)).join(chunks)
