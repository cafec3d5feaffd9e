"""The files that wait for one store, in the order in which people will look for them."""

import asyncio
from heapq import heappop, heappush

from services.ingest.recording.spool_file import SpoolFile
from snowlight.clock import Clock

LIVE_SECONDS = 120.0
"""A file that is not taken for so long after it was sealed belongs to the backlog."""

_Entry = tuple[int, int, int, SpoolFile]


class UploadQueue:
    """What was sealed just now comes first; the backlog follows, newest first, no faster than its cap."""

    def __init__(self, clock: Clock, backlog_bytes_per_second: int) -> None:
        """A cap of 0 is none."""
        self._clock = clock
        self._cap = backlog_bytes_per_second
        self._live: list[_Entry] = []
        self._backlog: list[_Entry] = []
        self._count = 0
        self._next_backlog = 0.0
        self._added = asyncio.Event()

    def __len__(self) -> int:
        return len(self._live) + len(self._backlog)

    def add(self, file: SpoolFile, failures: int = 0) -> None:
        """`failures`: how often its upload failed by a fault of its own; such a file waits for all others."""
        self._count += 1  # no two entries are equal, so files are never compared
        entry = (failures, -file.start_ms, self._count, file)
        heappush(self._live if self._is_live(entry) else self._backlog, entry)
        self._added.set()

    async def take(self) -> tuple[SpoolFile, int]:
        """The next file and its failures, once there is one that may go."""
        while True:
            self._added.clear()
            now = asyncio.get_running_loop().time()
            self._age()
            if self._live:
                return _told(heappop(self._live))
            wait = self._next_backlog - now if self._backlog else None
            if wait is not None and wait <= 0:
                entry = heappop(self._backlog)
                if self._cap:
                    self._next_backlog = now + entry[3].size / self._cap
                return _told(entry)
            try:
                async with asyncio.timeout(wait):
                    await self._added.wait()
            except TimeoutError:
                continue

    def take_all(self) -> list[tuple[SpoolFile, int]]:
        """Every file that waits, with its failures; none waits here afterwards."""
        entries = self._live + self._backlog
        self._live.clear()
        self._backlog.clear()
        return [_told(entry) for entry in entries]

    def _age(self) -> None:
        """What has waited too long at the head of the live files joins the backlog."""
        while self._live and not self._is_live(self._live[0]):
            heappush(self._backlog, heappop(self._live))

    def _is_live(self, entry: _Entry) -> bool:
        failures, _, _, file = entry
        if failures or file.sealed_at is None:
            return False
        return self._clock.monotonic() - file.sealed_at <= LIVE_SECONDS


def _told(entry: _Entry) -> tuple[SpoolFile, int]:
    return entry[3], entry[0]
