"""A camera's connection at a seat of its own worker, which it outlives when the camera changes hands."""

import asyncio
from collections.abc import Callable

from services.ingest.publishing.seat import Publisher
from services.ingest.sources.ending import tell_end
from services.ingest.sources.source import AccessUnitSink


class SeatedPublisher:
    """A publisher (`services.ingest.publishing.seat.Publisher`) that a seat may refuse while the connection
    behind it goes on."""

    def __init__(self, publisher: Publisher, begin: Callable[[AccessUnitSink, bool], None]) -> None:
        """`begin`: have what the connection brings go into this sink, with sound or without. Raises
        SourceError."""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._publisher = publisher
        self._begin = begin
        publisher.ended.add_done_callback(self._hang_up)

    @property
    def pictures(self) -> int:
        """As of the connection."""
        return self._publisher.pictures

    def begin(self, sink: AccessUnitSink, *, audio: bool) -> None:
        """Let the camera publish into `sink`."""
        self._begin(sink, audio)

    def refuse(self, error: Exception) -> None:
        """The seat lets go of the camera."""
        tell_end(self.ended, error)

    def close(self) -> None:
        """The seat was left."""
        self._publisher.ended.remove_done_callback(self._hang_up)

    def _hang_up(self, ended: asyncio.Future[None]) -> None:
        error = ended.exception()
        tell_end(self.ended, error if isinstance(error, Exception) else None)
