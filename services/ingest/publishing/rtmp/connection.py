"""One RTMP connection (RTMP 1.0): handshake, commands, and the media of whoever is let in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import cast

from services.ingest.publishing.address import read_place
from services.ingest.publishing.doorway import Doorway, Visit
from services.ingest.publishing.rtmp.amf0 import MalformedValueError, Value, read_values, write_values
from services.ingest.publishing.rtmp.chunks import (
    SENT_CHUNK_SIZE,
    ChunkReader,
    Message,
    MessageType,
    write_message,
)
from services.ingest.publishing.rtmp.media import TagReader
from services.ingest.publishing.seat import Place
from services.ingest.sources.allowance import Allowance
from services.ingest.sources.ending import tell_end
from services.ingest.sources.source import AccessUnitSink, SourceError
from snowlight.errors import ResourceExhaustedError, SnowlightError

_VERSION = 3
_HANDSHAKE = 1536
_WINDOW = 2_500_000
_LINGER_S = 0.5
_MOST_UNSENT = 64 << 10
_STREAM = 1
_COMMANDS = 100
_COMMANDS_PER_SECOND = 10
_PING, _PONG = 6, 7


class RtmpConnection(asyncio.Protocol):
    """A publisher (`services.ingest.publishing.seat.Publisher`)."""

    def __init__(self, doorway: Doorway, max_access_unit: int) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.pictures = 0
        self._doorway = doorway
        self._max_access_unit = max_access_unit
        self._transport: asyncio.Transport | None = None
        self._visit: Visit | None = None
        self._handshake = bytearray()
        self._greeted = False
        self._connected = False
        self._asked = False
        self._chunks = ChunkReader(self._on_message)
        self._commands = Allowance("commands", burst=_COMMANDS, per_second=_COMMANDS_PER_SECOND)
        self._window = _WINDOW
        self._acknowledged = 0
        self._tags: TagReader | None = None
        self._sound_announced = False

    # The connection.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: a camera connected."""
        # uvloop's transports have the methods of asyncio.Transport without being one.
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        if peer is None:  # reset before it was accepted
            self._transport.abort()
            return
        try:
            self._visit = self._doorway.enter(str(peer[0]), self.refuse)
        except ResourceExhaustedError as error:
            self.refuse(error)

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes arrived. What they bring reaches the sink before this returns."""
        if self.ended.done():
            return
        try:
            self._read(data)
        except Exception as error:  # noqa: BLE001 - a sink's failure belongs to whoever runs the source
            self.refuse(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the connection is gone."""
        reason = "the connection to the camera broke" if exc else "the camera closed the connection"
        self._end(SourceError("camera.closed", reason))
        self._transport = None

    def begin(self, sink: AccessUnitSink, *, audio: bool) -> None:
        """Tell the camera that it may publish."""
        self._leave_doorway()
        self._chunks.modest = False
        self._tags = TagReader(sink, audio=audio, max_access_unit=self._max_access_unit)
        self._tags.announce(audio=self._sound_announced)
        self._tell("status", "NetStream.Publish.Start", "published")

    def refuse(self, error: Exception) -> None:
        """Tell the camera what is wrong with it, and hang up."""
        if self.ended.done():
            return
        if self._connected and isinstance(error, SnowlightError):
            code = "NetStream.Publish.Denied" if self._tags is None else "NetStream.Unpublish.Success"
            with contextlib.suppress(SourceError):
                self._tell("error", code, str(error))
        self._end(error)

    def _end(self, error: Exception | None) -> None:
        """Let `ended` say why the connection is over, if nothing said so before, and close it."""
        self._leave_doorway()
        self._tags = None
        tell_end(self.ended, error)
        transport = self._transport
        if transport is not None and not transport.is_closing():
            # Closing over what is not read yet resets the connection, and takes away what was told last.
            transport.write_eof()
            asyncio.get_running_loop().call_later(_LINGER_S, transport.abort)

    def _leave_doorway(self) -> None:
        if self._visit is not None:
            self._visit.end()

    def _write(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing() or self.ended.done():
            return
        if transport.get_write_buffer_size() > _MOST_UNSENT:
            raise SourceError("camera.protocol_error", "the camera does not read what it is sent")
        transport.write(data)

    # What comes.

    def _read(self, data: bytes) -> None:
        if len(self._handshake) < 1 + 2 * _HANDSHAKE:
            data = self._shake_hands(data)
        if not data:
            return
        self._chunks.feed(data)
        if self._chunks.received - self._acknowledged >= self._window:
            self._acknowledged = self._chunks.received
            count = (self._acknowledged & 0xFFFFFFFF).to_bytes(4, "big")
            self._write(write_message(MessageType.ACKNOWLEDGEMENT, count))

    def _shake_hands(self, data: bytes) -> bytes:
        """Take what belongs to the handshake (5.2) and answer it; returns what follows."""
        missing = 1 + 2 * _HANDSHAKE - len(self._handshake)
        self._handshake += data[:missing]
        if self._handshake[0] != _VERSION:
            raise SourceError("camera.protocol_error", "what connects does not speak RTMP")
        if not self._greeted and len(self._handshake) > _HANDSHAKE:
            self._greeted = True
            echo = self._handshake[1 : 1 + _HANDSHAKE]
            self._write(bytes((_VERSION,)) + bytes(_HANDSHAKE) + echo)
        return data[missing:]

    def _on_message(self, message: Message) -> None:
        if self.ended.done():
            return
        match message.kind:
            case MessageType.VIDEO:
                if self._tags is not None:
                    self.pictures += 1
                    self._tags.video(message.data, message.timestamp)
            case MessageType.AUDIO:
                if self._tags is not None:
                    self._tags.audio(message.data, message.timestamp)
            case MessageType.COMMAND:
                self._on_command(message.data)
            case MessageType.COMMAND_AMF3:
                self._on_command(message.data[1:])  # by those who announce AMF 3 and write AMF 0 into it
            case MessageType.DATA:
                self._on_data(message.data)
            case MessageType.WINDOW_ACKNOWLEDGEMENT_SIZE:
                self._window = max(int.from_bytes(message.data[:4], "big"), 1 << 12)
            case MessageType.USER_CONTROL:
                if message.data[:2] == _PING.to_bytes(2, "big"):
                    self._commands.take()
                    pong = _PONG.to_bytes(2, "big") + message.data[2:6]
                    self._write(write_message(MessageType.USER_CONTROL, pong))

    def _on_data(self, data: bytes) -> None:
        """Metadata says whether there is sound; nothing else in it is believed."""
        self._commands.take()
        with contextlib.suppress(MalformedValueError):
            for value in read_values(data):
                if isinstance(value, dict):
                    self._sound_announced = "audiocodecid" in value
        if self._tags is not None:
            self._tags.announce(audio=self._sound_announced)

    def _on_command(self, data: bytes) -> None:
        self._commands.take()
        try:
            values = read_values(data)
        except MalformedValueError as error:
            raise SourceError("camera.protocol_error", f"the camera's command has {error}") from error
        values += [None, None]
        name, transaction, *arguments = values
        number = transaction if isinstance(transaction, float) else 0.0
        commands: dict[Value, Callable[[float, list[Value]], None]] = {
            "connect": self._on_connect,
            "createStream": self._on_create_stream,
            "publish": self._on_publish,
            "play": self._on_play,
            "deleteStream": self._on_goodbye,
            "closeStream": self._on_goodbye,
            "FCUnpublish": self._on_goodbye,
        }
        answer = commands.get(name) if isinstance(name, str) else None
        if answer is not None:
            answer(number, arguments)
        elif number:
            self._command("_result", number, None, None)

    # Commands (7.2).

    def _on_connect(self, number: float, _arguments: list[Value]) -> None:
        self._connected = True
        size = SENT_CHUNK_SIZE.to_bytes(4, "big")
        window = _WINDOW.to_bytes(4, "big")
        self._write(
            write_message(MessageType.WINDOW_ACKNOWLEDGEMENT_SIZE, window)
            + write_message(MessageType.SET_PEER_BANDWIDTH, window + b"\x02")
            + write_message(MessageType.SET_CHUNK_SIZE, size)
        )
        self._command(
            "_result",
            number,
            {"fmsVer": "FMS/3,5,7,7009", "capabilities": 31, "fourCcList": ["avc1", "hvc1"]},
            {
                "level": "status",
                "code": "NetConnection.Connect.Success",
                "description": "connected",
                "objectEncoding": 0,
            },
        )

    def _on_create_stream(self, number: float, _arguments: list[Value]) -> None:
        self._command("_result", number, None, _STREAM)

    def _on_publish(self, _number: float, arguments: list[Value]) -> None:
        name = arguments[1] if len(arguments) > 1 else None
        if not self._connected or self._asked or not isinstance(name, str) or self._visit is None:
            raise SourceError("camera.protocol_error", "the camera publishes at the wrong moment")
        self._asked = True
        camera_id, key = read_place(name)
        self._doorway.ask(self, camera_id, key, self._visit.address, self._take)

    def _take(self, place: Place) -> None:
        place.take(self)

    def _on_play(self, _number: float, _arguments: list[Value]) -> None:
        raise SourceError("camera.protocol_unsupported", "nothing is played from here")

    def _on_goodbye(self, _number: float, _arguments: list[Value]) -> None:
        if self._asked:
            self._end(None)

    def _tell(self, level: str, code: str, description: str) -> None:
        """onStatus of the published stream (7.2.2.6)."""
        status: Value = {"level": level, "code": code, "description": description}
        self._command("onStatus", 0, None, status, stream=_STREAM)

    def _command(self, name: str, number: float, *values: Value, stream: int = 0) -> None:
        data = write_values(name, number, *values)
        self._write(write_message(MessageType.COMMAND, data, chunk_stream=3, stream=stream))
