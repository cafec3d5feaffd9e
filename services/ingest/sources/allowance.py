"""How much work one connection may make, whatever it sends."""

import time
from collections.abc import Callable

from services.ingest.sources.source import SourceError


class Allowance:
    """Up to `burst` of something at once, twice that after a pause, and `per_second` on average.

    What is counted costs a subtraction; the clock, in seconds, is read when an allowance is used up.
    """

    __slots__ = ("_burst", "_left", "_monotonic", "_per_second", "_since", "_what")

    def __init__(
        self, what: str, *, burst: int, per_second: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._burst = burst
        self._per_second = per_second
        self._monotonic = monotonic
        self._since = monotonic()
        self._left = float(burst)

    def take(self, count: int = 1) -> None:
        """Raises SourceError camera.protocol_error when it is too much."""
        self._left -= count
        if self._left < 0:
            self._renew()

    def _renew(self) -> None:
        now = self._monotonic()
        self._left += min((now - self._since) * self._per_second, self._burst)
        self._since = now
        if self._left < 0:
            raise SourceError(
                "camera.protocol_error", f"the camera sends over {self._per_second} {self._what} a second"
            )
