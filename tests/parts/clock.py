"""A clock that tests put forward."""

from snowlight.clock import SystemClock


class MovableClock(SystemClock):
    """The system's clock, put forward by as much as a test wants."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now_ms(self) -> int:
        return super().now_ms() + round(self.ahead_s * 1000)

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s
