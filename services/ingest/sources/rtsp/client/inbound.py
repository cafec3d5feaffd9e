"""What one connection receives, on its way to the demultiplexer."""

import os
from typing import Final, final

from services.ingest.sources.rtsp.interleaved import Demultiplexer
from services.ingest.sources.source import SourceError

_READ: Final = 64 << 10  # bytes: what 5 Mb/s send within a round
_MOST_READS: Final = 8  # in a round: 40 Mb/s
_LONGEST_MESSAGE: Final = 448 << 10


@final
class Inbound:
    """Hands on what is complete, and keeps the rest.

    Read by the system call and not by the socket's method: bytes are made at once, with nothing to copy them
    from, and what is cut out of bytes costs a third of a view.
    """

    __slots__ = ("_demultiplexer", "_descriptor", "_rest")

    def __init__(self, demultiplexer: Demultiplexer) -> None:
        self._demultiplexer = demultiplexer
        self._descriptor = -1
        self._rest = b""  # what came of a frame or message that is not whole yet

    def begin(self, descriptor: int) -> None:
        """`read` reads this one, which does not block, until `stop`."""
        self._descriptor = descriptor

    def stop(self) -> None:
        """The descriptor is about to be closed, and its number may become another's: also in the middle of
        `read`, by what was read."""
        self._descriptor = -1

    def read(self) -> bool:
        """Take what has come. False where the connection is over. Raises as `take` does."""
        for _ in range(_MOST_READS):
            try:
                data = os.read(self._descriptor, _READ)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not data:
                return False
            self.take(data)
            if len(data) < _READ or self._descriptor < 0:
                break
        return True

    def take(self, data: bytes) -> None:
        """The next bytes. Raises SourceError for what is no RTSP, and whatever a channel's reader raises;
        these bytes are dropped then."""
        if self._rest:
            data = self._rest + data
            self._rest = b""
        end = len(data)
        start = self._demultiplexer.read(data, 0, end)
        if end - start > _LONGEST_MESSAGE:
            raise SourceError("camera.protocol_error", "the camera sends a message without end")
        if start < end:
            self._rest = data[start:]
