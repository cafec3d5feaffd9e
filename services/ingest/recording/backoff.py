"""Waiting while something is away: longer after each failure, no longer once it is back."""

import asyncio
from random import Random


class Backoff:
    """Shared by all who call the same thing: failures at one time count as one."""

    def __init__(self, first_seconds: float, longest_seconds: float, random: Random) -> None:
        self._first = first_seconds
        self._longest = longest_seconds
        self._random = random
        self._wait = first_seconds
        self._until = 0.0
        self._back = asyncio.Event()
        self._back.set()

    @property
    def failing(self) -> bool:
        """The last call failed."""
        return not self._back.is_set()

    def failed(self) -> None:
        """A call failed."""
        self._back.clear()
        now = asyncio.get_running_loop().time()
        if now >= self._until:
            self._until = now + self._wait * self._random.uniform(0.5, 1.0)
            self._wait = min(2 * self._wait, self._longest)

    def succeeded(self) -> None:
        """A call was answered as it should be."""
        self._wait = self._first
        self._until = 0.0
        self._back.set()

    async def rest(self) -> None:
        """Wait until it is time for the next call."""
        while (wait := self._until - asyncio.get_running_loop().time()) > 0:
            try:
                async with asyncio.timeout(wait):
                    await self._back.wait()
            except TimeoutError:
                return
