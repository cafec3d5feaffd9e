"""What is to be done, by name: each name once, however often it is asked for."""

import asyncio

FIRST_RETRY_SECONDS = 0.5
MOST_RETRY_SECONDS = 300.0


class WorkQueue:
    """In the order of asking. It holds no more names than there are."""

    def __init__(self) -> None:
        self._ready: dict[str, None] = {}
        self._retries: dict[str, int] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._ready) + len(self._timers)

    def add(self, name: str) -> None:
        """It is to be done as soon as its turn comes."""
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()
        self._ready[name] = None
        self._wake.set()

    def retry(self, name: str) -> None:
        """It failed: do it again later, each time twice as late, unless it is asked for before."""
        failed = self._retries.get(name, 0)
        self._retries[name] = failed + 1
        if name in self._ready or name in self._timers:
            return
        delay_s = min(FIRST_RETRY_SECONDS * 2 ** min(failed, 20), MOST_RETRY_SECONDS)
        self._timers[name] = asyncio.get_running_loop().call_later(delay_s, self._due, name)

    def done(self, name: str) -> None:
        """It succeeded, or asking again is no use: the next failure is a first one."""
        self._retries.pop(name, None)

    async def take(self, most: int) -> list[str]:
        """The first `most` names that are due, once there is one."""
        while not self._ready:
            self._wake.clear()
            await self._wake.wait()
        taken = [name for name, _ in zip(self._ready, range(most), strict=False)]
        for name in taken:
            del self._ready[name]
        return taken

    def close(self) -> None:
        """Nothing is due any more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._ready.clear()

    def _due(self, name: str) -> None:
        self._timers.pop(name, None)
        self._ready[name] = None
        self._wake.set()
