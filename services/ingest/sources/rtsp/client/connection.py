"""One TCP connection to an RTSP server: what it receives, the demultiplexer behind it, and requests."""

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from services.ingest.sources.ending import tell_end
from services.ingest.sources.rtsp.client.inbound import Inbound
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.rtsp.interleaved import Demultiplexer
from services.ingest.sources.rtsp.message import Request, Response, write_request, write_response
from services.ingest.sources.source import SourceError

_LINGER = 0.5
_MOST_UNSENT = 64 << 10  # bytes of ours that the server has not read
_LONGEST_CSEQ = 32  # characters; RFC 2326, 12.17 has digits
_USER_AGENT = "Snowlight"


class Connection(asyncio.Protocol):
    """Media goes to the readers in `channels`, as soon as it is read; responses to whoever asked.

    The event loop reads the socket when it is ready, until `read_in_rounds`.
    """

    __slots__ = (
        "_demultiplexer",
        "_farewell",
        "_inbound",
        "_on_request",
        "_rounds",
        "_sequence",
        "_socket",
        "_transport",
        "_waiting",
        "channels",
        "closed",
    )

    def __init__(self, on_request: Callable[[Request], None], rounds: ReadRounds) -> None:
        self._demultiplexer = Demultiplexer(self._on_message)
        self.channels = self._demultiplexer.channels
        self._inbound = Inbound(self._demultiplexer)
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._on_request = on_request
        self._transport: asyncio.Transport | None = None
        self._rounds = rounds
        self._socket: socket.socket | None = None  # while it is read in rounds
        self._waiting: dict[int, asyncio.Future[Response]] = {}
        self._sequence = 0
        self._farewell = False

    @property
    def skipped(self) -> int:
        """Bytes that were neither frame nor message."""
        return self._demultiplexer.skipped

    @property
    def local(self) -> tuple[Any, ...]:
        """This side's address as sockets have it: host, port and, in IPv6, flow and scope."""
        return self._address("sockname")

    @property
    def remote(self) -> tuple[Any, ...]:
        """The server's address, likewise."""
        return self._address("peername")

    def _address(self, name: str) -> tuple[Any, ...]:
        assert self._transport is not None
        return cast(tuple[Any, ...], self._transport.get_extra_info(name))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the socket is connected."""
        # uvloop's transports have the methods of asyncio.Transport without being one.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """asyncio: `data` arrived, while it is not read in rounds."""
        try:
            self._inbound.take(data)
        except Exception as error:  # noqa: BLE001 - a sink's failure belongs to whoever runs the source
            self.end(error)

    def read_in_rounds(self) -> None:
        """From here on media comes: read it in rounds."""
        transport = self._transport
        if transport is None or transport.is_closing() or self._socket is not None:
            return
        transport.pause_reading()
        # a descriptor of its own: the transport may close its one, for another connection to get the number
        self._socket = transport.get_extra_info("socket").dup()
        self._inbound.begin(self._socket.fileno())
        self._rounds.add(self)

    def read_round(self) -> None:
        """Read all that has come. The transport is left to find out how the connection ended."""
        try:
            if self._inbound.read():
                return
        except Exception as error:  # noqa: BLE001 - as in `data_received`
            self.end(error)
            return
        self._leave_rounds()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _leave_rounds(self) -> None:
        if self._socket is not None:
            self._rounds.remove(self)
            self._inbound.stop()
            self._socket.close()
            self._socket = None

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the connection is gone."""
        if self.skipped and not self.channels:
            self.end(SourceError("camera.protocol_error", "what answers does not speak RTSP"))
        elif exc is not None:
            self.end(SourceError("camera.closed", "the connection to the camera broke"))
        else:
            self.end(SourceError("camera.closed", "the camera closed the connection"))
        for waiting in self._waiting.values():
            waiting.cancel()
        self._leave_rounds()
        self._demultiplexer.close()
        self._on_request = _ignore

    def end(self, error: Exception | None = None) -> None:
        """Let `closed` say why the connection is over, if nothing said so before; media is heard no more."""
        tell_end(self.closed, error)
        self.channels.clear()

    def close(self, *, farewell: bool) -> None:
        """Close the connection, now or, after a `farewell` was sent, when it is answered.

        A camera that is still sending must get to read the farewell: closing over unread data resets the
        connection, and takes away what the camera has not read.
        """
        self.end()
        if self._transport is None:
            return
        if farewell and not self._transport.is_closing():
            asyncio.get_running_loop().call_later(_LINGER, self._hang_up)
            self._farewell = True
        else:
            self._hang_up()

    def _hang_up(self) -> None:
        self._leave_rounds()
        transport = self._transport
        if transport is None:
            return
        if transport.get_write_buffer_size():
            transport.abort()  # whoever does not read would keep it open for ever
        else:
            transport.close()

    async def request(self, method: str, uri: str, headers: Mapping[str, str], *, within: float) -> Response:
        """Send a request and wait for its response.

        Raises SourceError camera.timeout after `within` seconds, camera.closed if the connection ends.
        """
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        sequence = self.send(method, uri, headers)
        self._waiting[sequence] = answer
        try:
            async with asyncio.timeout(within):
                await asyncio.wait((answer, self.closed), return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise SourceError(
                "camera.timeout", f"the camera did not answer {method} within {within:g} s"
            ) from None
        finally:
            del self._waiting[sequence]
        if answer.done() and not answer.cancelled():
            return answer.result()
        self.closed.result()
        raise SourceError("camera.closed", "the camera said goodbye")

    def send(self, method: str, uri: str, headers: Mapping[str, str]) -> int:
        """Send a request without waiting; returns its CSeq."""
        self._sequence += 1
        fields = {"CSeq": str(self._sequence), "User-Agent": _USER_AGENT, **headers}
        self._write(write_request(method, uri, fields))
        return self._sequence

    def respond(
        self, request: Request, status: int, reason: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer a request of the other side's."""
        sequence = request.headers.get("cseq")
        if len(sequence) > _LONGEST_CSEQ:
            self.end(SourceError("camera.protocol_error", "the camera numbers its requests with no number"))
            return
        self._write(write_response(status, reason, {"CSeq": sequence, **(headers or {})}))

    def _write(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() > _MOST_UNSENT:
            self.end(SourceError("camera.protocol_error", "the camera does not read what it is sent"))
            return
        transport.write(data)

    def _on_message(self, message: Request | Response) -> None:
        if isinstance(message, Request):
            self._on_request(message)
            return
        if self._farewell:
            self._hang_up()
            return
        number = message.headers.get("cseq")
        # Some cameras leave the CSeq out; with one request under way it is plain which one is meant.
        sequence = int(number) if number.isdecimal() and len(number) < 10 else next(iter(self._waiting), 0)
        waiting = self._waiting.get(sequence)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)


def _ignore(request: Request) -> None:
    """One that comes with a connection's end."""


async def connect(
    addresses: Sequence[str],
    port: int,
    on_request: Callable[[Request], None],
    rounds: ReadRounds,
    *,
    within: float,
) -> Connection:
    """Connect to the first address that takes it, `within` seconds each.

    Raises SourceError camera.unreachable or camera.timeout.
    """
    loop = asyncio.get_running_loop()
    failure = SourceError("camera.unreachable", "no address to connect to")
    for address in addresses:
        try:
            async with asyncio.timeout(within):
                _, connection = await loop.create_connection(
                    lambda: Connection(on_request, rounds), address, port
                )
                return connection
        except TimeoutError:
            failure = SourceError("camera.timeout", f"no connection within {within:g} s")
        except ConnectionRefusedError:
            failure = SourceError("camera.unreachable", f"the connection to port {port} was refused")
        except OSError as error:
            failure = SourceError("camera.unreachable", error.strerror or "there is no route to the camera")
    raise failure
