"""What a worker has to do, measured as it goes."""

from collections.abc import Callable
from time import process_time

from services.ingest.recording.spool import Spool
from services.ingest.shards.rows import Load
from snowlight.clock import Clock

SPAN_SECONDS = 8.0
"""Rates are of so long, at least, and cameras are counted as often: there may be a county of them."""


class LoadMeter:
    """Of this process alone; what its transcoding processes use is capped, and not counted."""

    def __init__(
        self,
        spool: Spool,
        cameras: Callable[[], int],
        clock: Clock,
        used: Callable[[], float] = process_time,
    ) -> None:
        """`cameras`: how many it records or tries to. `used`: seconds of processors so far."""
        self._spool = spool
        self._cameras = cameras
        self._clock = clock
        self._used = used
        self._since = (clock.monotonic(), used(), spool.written)
        self._measured = (cameras(), 0, 0.0)

    def load(self) -> Load:
        """As of now."""
        now = (self._clock.monotonic(), self._used(), self._spool.written)
        span = now[0] - self._since[0]
        if span >= SPAN_SECONDS:
            bits_per_second = round((now[2] - self._since[2]) * 8 / span)
            self._measured = (self._cameras(), bits_per_second, (now[1] - self._since[1]) / span)
            self._since = now
        return Load(*self._measured, self._spool.count, self._spool.level)
