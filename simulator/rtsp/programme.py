"""What the server needs of a thing that can be played."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TrackStart:
    """Sequence number and timestamp of a track's first packet, for RTP-Info (RFC 2326, 12.33)."""

    sequence: int
    timestamp: int


class Receiver:
    """A client that plays. channels: the interleaved RTP channel of each track, None for one not set up.

    One that does not read is cut off: a camera has no memory to wait for it.
    """

    def __init__(
        self, transport: asyncio.WriteTransport, channels: tuple[int | None, ...], backlog: int
    ) -> None:
        self.channels = channels
        self._transport = transport
        self._backlog = backlog

    def answer(self, data: bytes) -> None:
        """What is no media, in its order with it."""
        self._transport.write(data)

    def send(self, data: bytes | bytearray) -> None:
        if self._transport.get_write_buffer_size() > self._backlog:
            self._transport.abort()
        elif not self._transport.is_closing():
            self._transport.write(data)

    def cut(self) -> None:
        """Closes the connection, what was sent before going first."""
        self._transport.close()


class Programme(Protocol):
    """One live programme that any number of receivers may join."""

    @property
    def description(self) -> bytes:
        """The SDP; its tracks' controls are trackID=0, trackID=1, ..."""

    @property
    def track_count(self) -> int: ...

    def play(self, receiver: Receiver) -> Sequence[TrackStart]:
        """Begins to send to `receiver`, not before the event loop's next turn. One start for each track."""

    def stop(self, receiver: Receiver) -> None:
        """Sends no more to `receiver`; harmless if it does not play."""
