"""Time as a parameter, so that tests can hand in their own."""

import time
from typing import Protocol


class Clock(Protocol):
    """Where a part gets its time from."""

    def now_ms(self) -> int:
        """Wall time, ms since 1970 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never steps back."""
        ...


class SystemClock:
    """The operating system's clocks."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    monotonic = staticmethod(time.monotonic)  # itself, without a call of ours: each picture asks for it
