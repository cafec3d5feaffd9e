"""Spreads the starts of many over time."""

import asyncio

from snowlight.clock import Clock


class Pace:
    """Lets one pass each 1 / `per_second` seconds, in the order of asking."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        self._interval = 1 / per_second
        self._clock = clock
        self._next = 0.0

    async def wait(self) -> None:
        now = self._clock.monotonic()
        turn = max(now, self._next)
        self._next = turn + self._interval
        if turn > now:
            await asyncio.sleep(turn - now)
