"""How fast recorded pictures go out."""

from __future__ import annotations

import asyncio

from snowlight.clock import Clock

_LOOK_S = 0.1
"""How often somebody who waits looks at the clock."""


class RealTime:
    """A second of footage a second, from what comes first on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_s: float | None = None
        """Of the clock, when footage starts on time."""

    def passes_over(self) -> None:
        """A gap, in which nobody waits: time begins anew with what follows."""
        self._ahead_s = None

    async def reach(self, start_ms: int) -> None:
        """Wait until it is the turn of what starts at `start_ms`."""
        if self._ahead_s is None:
            self._ahead_s = start_ms / 1000 - self._clock.monotonic()
        while (wait_s := start_ms / 1000 - self._ahead_s - self._clock.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(wait_s, _LOOK_S))
