"""RTP and RTCP of one track over UDP: a pair of ports, and packets put back in order."""

import asyncio
import secrets
import socket
import struct
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Self

from services.ingest.sources.allowance import Allowance
from services.ingest.sources.rtp.header import DOLLAR
from services.ingest.sources.rtsp.client.connection import Connection
from services.ingest.sources.rtsp.client.resequencer import Resequencer
from services.ingest.sources.source import SourceError

_ATTEMPTS = 50
_RECEIVE_BUFFER = 1 << 20  # a large key frame comes in one burst; the kernel may grant less
_PACKETS = 30_000
_PACKETS_PER_SECOND = 10_000  # of 500 bytes, and cameras send larger ones, 40 Mb/s
_BYTES = 16 << 20
_BYTES_PER_SECOND = 5 << 20  # 40 Mb/s, as much as is read of a camera by TCP
_REPORT_INTERVAL_S = 5.0  # RFC 3550, 6.2
_RTP_VERSION_2 = 0x80
_RTP_HEADER = 12
_FRAME = struct.Struct(">BBH")  # RFC 2326, 10.12: what readers expect before each packet
_EMPTY_RTP = bytes([_RTP_VERSION_2]) + bytes(_RTP_HEADER - 1)
_NAME = b"snowlight"


class Traffic:
    """What may come to all ports of a session. TCP slows a camera down; by UDP it can only be refused."""

    __slots__ = ("_bytes", "_end", "_packets")

    def __init__(
        self, end: Callable[[SourceError], None], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`end` is told camera.protocol_error when it is too much."""
        self._end = end
        self._packets = Allowance(
            "datagrams", burst=_PACKETS, per_second=_PACKETS_PER_SECOND, monotonic=monotonic
        )
        self._bytes = Allowance(
            "bytes of datagrams", burst=_BYTES, per_second=_BYTES_PER_SECOND, monotonic=monotonic
        )

    def admits(self, packet: bytes) -> bool:
        """Whether one more may come, of any content."""
        try:
            self._packets.take()
            self._bytes.take(len(packet))
        except SourceError as error:
            self._end(error)
            return False
        return True


class DatagramPair:
    """Even `port` for RTP, the next one for RTCP (RFC 3550, 11).

    What comes from the RTSP connection's other end goes to the connection's readers of `channel` and the
    next; what comes from elsewhere goes nowhere.
    """

    def __init__(self, connection: Connection, channel: int, port: int, traffic: Traffic) -> None:
        self.port = port
        self._connection = connection
        self._channel = channel
        self._peer = connection.remote
        self._traffic = traffic
        self._resequencer = Resequencer(lambda packet: self._deliver(channel, packet))
        self._ports: list[asyncio.DatagramTransport] = []
        self._answers: tuple[int, int] | None = None
        self._ssrc = secrets.randbits(32)
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    async def open(cls, connection: Connection, channel: int, traffic: Traffic) -> Self:
        """Take two ports of the address that the connection has on this side.

        Raises SourceError camera.unreachable if none are free.
        """
        sockets = _bind_pair(connection.local)
        pair = cls(connection, channel, sockets[0].getsockname()[1], traffic)
        loop = asyncio.get_running_loop()
        for bound, take in zip(sockets, (pair._on_rtp, pair._on_rtcp), strict=True):
            port, _ = await loop.create_datagram_endpoint(partial(_Port, pair._peer[0], take), sock=bound)
            pair._ports.append(port)
        return pair

    def answer_to(self, rtp: int, rtcp: int) -> None:
        """The camera's own ports."""
        if 0 < rtp < 1 << 16 and 0 < rtcp < 1 << 16:
            self._answers = (rtp, rtcp)

    def begin(self) -> None:
        """Send something from both ports, for whatever stands between, and then reports."""
        if self._answers is not None:
            self._send(0, _EMPTY_RTP)
            self._report()

    def close(self) -> None:
        """Close both ports."""
        self._resequencer.close()
        if self._timer is not None:
            self._timer.cancel()
        for port in self._ports:
            port.close()

    def _on_rtp(self, packet: bytes) -> None:
        if self._traffic.admits(packet) and len(packet) >= _RTP_HEADER and packet[0] & 0xC0 == _RTP_VERSION_2:
            self._resequencer.put(int.from_bytes(packet[2:4], "big"), packet)

    def _on_rtcp(self, packet: bytes) -> None:
        if self._traffic.admits(packet):
            self._deliver(self._channel + 1, packet)

    def _deliver(self, channel: int, packet: bytes) -> None:
        reader = self._connection.channels.get(channel)
        if reader is None:
            return
        frame = _FRAME.pack(DOLLAR, channel, len(packet)) + packet
        try:
            reader.read(frame, 0, len(frame))
        except Exception as error:  # noqa: BLE001 - a sink's failure belongs to whoever runs the source
            self._connection.end(error)

    def _report(self) -> None:
        self._send(1, _empty_report(self._ssrc))
        self._timer = asyncio.get_running_loop().call_later(_REPORT_INTERVAL_S, self._report)

    def _send(self, port: int, packet: bytes) -> None:
        assert self._answers is not None
        self._ports[port].sendto(packet, _with_port(self._peer, self._answers[port]))


class _Port(asyncio.DatagramProtocol):
    """Takes what comes from `peer`."""

    def __init__(self, peer: str, take: Callable[[bytes], None]) -> None:
        self._peer = peer
        self._take = take

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """asyncio: a datagram came."""
        if addr[0] == self._peer:
            self._take(data)


def _with_port(address: tuple[Any, ...], port: int) -> tuple[Any, ...]:
    return (address[0], port, *address[2:])


def _bind_pair(local: tuple[Any, ...]) -> tuple[socket.socket, socket.socket]:
    family = socket.AF_INET6 if ":" in local[0] else socket.AF_INET
    for _ in range(_ATTEMPTS):
        pair = (socket.socket(family, socket.SOCK_DGRAM), socket.socket(family, socket.SOCK_DGRAM))
        try:
            pair[0].bind(_with_port(local, 0))
            port = pair[0].getsockname()[1]
            pair[1].bind(_with_port(local, port ^ 1))
        except OSError:
            for opened in pair:
                opened.close()
            continue
        rtp, rtcp = pair if port % 2 == 0 else (pair[1], pair[0])
        rtp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        rtp.setblocking(False)
        rtcp.setblocking(False)
        return rtp, rtcp
    raise SourceError("camera.unreachable", "no pair of UDP ports is free here")


def _empty_report(ssrc: int) -> bytes:
    """A receiver report of nothing, and the name that must go with it (RFC 3550, 6.1)."""
    report = struct.pack(">BBHI", 0x80, 201, 1, ssrc)
    item = bytes([1, len(_NAME)]) + _NAME
    item += bytes(4 - len(item) % 4)
    return report + struct.pack(">BBHI", 0x81, 202, 1 + len(item) // 4, ssrc) + item
