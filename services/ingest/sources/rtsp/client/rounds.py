"""Media sockets are read in rounds: few large reads for many small ones, and one buffer for all cameras."""

import asyncio
from typing import Protocol

INTERVAL_S = 0.1
_GROUPS = 5
_BUFFER_SIZE = 512 << 10  # a round of 40 Mb/s


class RoundReader(Protocol):
    """Whose turn comes in each round."""

    def read_round(self) -> None:
        """Read what has come since the last round."""


class ReadRounds:
    """Asks each reader ten times a second. One for all connections of an event loop.

    Readiness would wake the loop for each picture of each camera; a round finds two or three of them at
    once. What it costs is up to INTERVAL_S of delay, which arrival times carry too. The readers are spread
    over five groups, so that no round keeps the loop for long.
    """

    def __init__(self) -> None:
        self.buffer = memoryview(bytearray(_BUFFER_SIZE))
        """Where all connections receive. Nothing stays in it between two calls from the event loop."""
        self._groups: tuple[set[RoundReader], ...] = tuple(set() for _ in range(_GROUPS))
        self._turn = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, reader: RoundReader) -> None:
        """Ask it from now on."""
        min(self._groups, key=len).add(reader)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._wait(loop, loop.time())

    def remove(self, reader: RoundReader) -> None:
        """Ask it no more, if it was asked."""
        for group in self._groups:
            group.discard(reader)

    def _wait(self, loop: asyncio.AbstractEventLoop, since: float) -> None:
        due = max(since + INTERVAL_S / _GROUPS, loop.time())
        self._timer = loop.call_at(due, self._read_group, loop, due)

    def _read_group(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self._timer = None
        if not any(self._groups):
            return
        self._turn = (self._turn + 1) % _GROUPS
        for reader in list(self._groups[self._turn]):
            reader.read_round()
        self._wait(loop, due)
