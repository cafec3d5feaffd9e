"""Interarrival jitter (RFC 3550, 6.4.1 and A.8), of pictures."""

from typing import Final

_GAIN: Final = 1 / 16


class InterarrivalJitter:
    """Of whole pictures by the last byte of each: the packets of one carry the same timestamp.

    Where media is read in rounds, an arrival is known to one round. A difference that this explains is none:
    what is told is how far arrivals wander beyond it.
    """

    __slots__ = ("_resolution_ms", "_transit_ms", "ms")

    def __init__(self, resolution_ms: float) -> None:
        """`resolution_ms`: how exactly arrivals are known."""
        self.ms = 0.0
        self._resolution_ms = resolution_ms
        self._transit_ms: float | None = None

    def observe(self, media_ms: float, arrival_ms: float) -> None:
        """A picture of decoding time `media_ms` is whole."""
        transit_ms = arrival_ms - media_ms
        if self._transit_ms is not None:
            difference_ms = abs(transit_ms - self._transit_ms) - self._resolution_ms
            self.ms += ((difference_ms if difference_ms > 0 else 0.0) - self.ms) * _GAIN
        self._transit_ms = transit_ms

    def restart(self) -> None:
        """The stamps begin anew: the next picture is compared with none before it."""
        self._transit_ms = None
