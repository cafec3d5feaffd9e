"""How many uploads a store is given at a time: one more while it answers in time, half of them when not."""

import asyncio

from prometheus_client import Gauge


class Concurrency:
    """Additive increase, multiplicative decrease, once for each round of answers. For one waiting caller."""

    def __init__(self, *, least: int, most: int, slow_seconds: float, gauge: Gauge) -> None:
        """`slow_seconds`: an answer that takes longer says that the store has too much to do."""
        self._least = least
        self._most = most
        self._slow_seconds = slow_seconds
        self._gauge = gauge
        self._limit = float(max(least, most // 4))
        self._running = 0
        self._last_decrease = 0.0
        self._changed = asyncio.Event()
        gauge.set(int(self._limit))

    @property
    def limit(self) -> int:
        """Uploads that may run now."""
        return int(self._limit)

    async def enter(self) -> None:
        """Wait until one more may run."""
        while self._running >= self.limit:
            self._changed.clear()
            await self._changed.wait()
        self._running += 1

    def leave(self, began: float, *, succeeded: bool) -> None:
        """One that began then, by the loop's time, has ended."""
        if not succeeded or asyncio.get_running_loop().time() - began > self._slow_seconds:
            self._decrease(began)
        elif self._running >= self.limit:  # a limit that nobody reached says nothing of the store
            self._set(self._limit + 1 / self._limit)
        self.abandon()

    def abandon(self) -> None:
        """One that entered has ended, which says nothing of the store."""
        self._running -= 1
        self._changed.set()

    def _decrease(self, began: float) -> None:
        if began >= self._last_decrease:  # others of the same round have told of it already
            self._last_decrease = asyncio.get_running_loop().time()
            self._set(self._limit / 2)

    def _set(self, limit: float) -> None:
        self._limit = min(float(self._most), max(float(self._least), limit))
        self._gauge.set(self.limit)
