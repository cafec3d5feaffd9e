"""Media sockets are read in rounds: few large reads for many small ones."""

import asyncio
import time
from typing import Protocol

INTERVAL_S = 0.1
_GROUPS = 5
_LONGEST_S = 0.02
"""Of reads without a break: hundreds of full buffers are a second of work, and a process with more cameras
than it has time for has to answer and keep its shards all the same."""


class RoundReader(Protocol):
    """Whose turn comes in each round."""

    def read_round(self) -> None:
        """Read what has come since the last round."""


class ReadRounds:
    """Asks each reader ten times a second. One for all connections of an event loop.

    Readiness would wake the loop for each picture of each camera; a round finds two or three of them at
    once. What it costs is up to INTERVAL_S of delay, which arrival times carry too. The readers are spread
    over five groups, so that no round keeps the loop for long; one that does is read with breaks.
    """

    def __init__(self) -> None:
        self._groups: tuple[set[RoundReader], ...] = tuple(set() for _ in range(_GROUPS))
        self._turn = 0
        self._timer: asyncio.Handle | None = None

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
        if not any(self._groups):
            self._timer = None
            return
        self._turn = (self._turn + 1) % _GROUPS
        group = self._groups[self._turn]
        self._read(loop, due, group, list(group))

    def _read(
        self, loop: asyncio.AbstractEventLoop, due: float, group: set[RoundReader], waiting: list[RoundReader]
    ) -> None:
        """Read those of `group` that wait for it, the rest of them after whatever else has become due."""
        until = time.monotonic() + _LONGEST_S
        while waiting:
            reader = waiting.pop()
            if reader in group:  # or it has left since
                reader.read_round()
            if waiting and time.monotonic() >= until:
                self._timer = loop.call_soon(self._read, loop, due, group, waiting)
                return
        self._wait(loop, due)
