"""How packets come to their readers: in frames on the RTSP connection, or as datagrams beside it."""

import re
from typing import Protocol

from services.ingest.sources.rtsp.client.connection import Connection
from services.ingest.sources.rtsp.client.datagrams import DatagramPair, Traffic
from services.ingest.sources.rtsp.client.dialogue import Dialogue
from services.ingest.sources.rtsp.client.rounds import INTERVAL_S
from services.ingest.sources.source import SourceError

_INTERLEAVED = re.compile(r"interleaved=(\d{1,3})(?:-(\d{1,3}))?", re.IGNORECASE)
_SERVER_PORT = re.compile(r"server_port=(\d{1,5})(?:-(\d{1,5}))?", re.IGNORECASE)


class Delivery(Protocol):
    """The transport of one session's tracks."""

    arrival_ms: float
    """How exactly it is known when a packet came."""

    async def set_up(self, dialogue: Dialogue, url: str) -> tuple[int, int]:
        """SETUP of the next track.

        Returns the connection's channels whose readers will get its RTP and its RTCP. Raises SourceError.
        """

    def begin(self) -> None:
        """PLAY was granted: media comes."""

    def close(self) -> None:
        """Let nothing more come."""


class Interleaved:
    """RTP on the RTSP connection itself (RFC 2326, 10.12)."""

    arrival_ms = INTERVAL_S * 1000

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._next = 0

    async def set_up(self, dialogue: Dialogue, url: str) -> tuple[int, int]:
        """Ask for the next two channels, and take those that are granted."""
        channel, self._next = self._next, self._next + 2
        granted = await dialogue.setup(url, f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}")
        match = _INTERLEAVED.search(granted)
        if match is None:
            if granted and "TCP" not in granted.upper():
                raise SourceError("camera.protocol_unsupported", "the camera grants no RTP over TCP")
            return channel, channel + 1
        rtp = int(match[1])
        rtcp = int(match[2]) if match[2] else rtp + 1
        if max(rtp, rtcp) > 255 or rtp == rtcp:
            raise SourceError("camera.protocol_error", "the camera grants an impossible channel")
        return rtp, rtcp

    def begin(self) -> None:
        """From here on the connection brings more than answers."""
        self._connection.read_in_rounds()

    def close(self) -> None:
        """Nothing: all comes on the connection, which is closed by whoever opened it."""


class Datagrams:
    """RTP over UDP (RFC 2326, 12.39).

    Sent to and taken from the address that RTSP is spoken with, which was checked: a `source` or
    `destination` that the camera names is not believed.
    """

    arrival_ms = 0.0

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._pairs: list[DatagramPair] = []
        self._traffic = Traffic(connection.end)

    async def set_up(self, dialogue: Dialogue, url: str) -> tuple[int, int]:
        """Open a pair of ports and have the camera send there."""
        channel = 2 * len(self._pairs)
        pair = await DatagramPair.open(self._connection, channel, self._traffic)
        self._pairs.append(pair)
        granted = await dialogue.setup(url, f"RTP/AVP;unicast;client_port={pair.port}-{pair.port + 1}")
        if "TCP" in granted.upper() or "MULTICAST" in granted.upper():
            raise SourceError("camera.protocol_unsupported", "the camera grants no unicast RTP over UDP")
        if match := _SERVER_PORT.search(granted):
            pair.answer_to(int(match[1]), int(match[2]) if match[2] else int(match[1]) + 1)
        return channel, channel + 1

    def begin(self) -> None:
        """Open the way for datagrams, and tell again and again that somebody listens."""
        for pair in self._pairs:
            pair.begin()

    def close(self) -> None:
        """Close all ports."""
        for pair in self._pairs:
            pair.close()
