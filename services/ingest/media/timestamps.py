"""A video stream's timestamps made fit for a mux: small faults repaired, large ones told, DTS derived."""

from bisect import insort
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from snowlight.media.boxes import VIDEO_TIMESCALE

_LONGEST_JUMP: Final = VIDEO_TIMESCALE * 3 // 10
_DEFAULT_INTERVAL: Final = VIDEO_TIMESCALE // 25
_SLOWEST_INTERVAL: Final = 10 * VIDEO_TIMESCALE
_TICKS_PER_MS: Final = VIDEO_TIMESCALE // 1000
_MOST_DEPTH: Final = 16  # MaxDpbFrames (ISO/IEC 14496-10, A.3.1)
_BACKWARD_STEPS_OF_REORDERING: Final = 3


class Discontinuity(Exception):  # noqa: N818  an event of the stream, not a fault of the program
    """The timestamp cannot follow its predecessors: it is over 0.3 s beyond a frame interval away."""


class VideoTimestamps:
    """Times of units that come in decoding order, in 90 kHz; the first DTS is 0."""

    __slots__ = (
        "_arrival",
        "_backward",
        "_count",
        "_dts",
        "_first",
        "_latest",
        "_window",
        "delay",
        "depth",
        "interval",
    )

    def __init__(self, first: int, depth: int, interval: int) -> None:
        """`first`: the first unit's PTS. `depth`: how many pictures one may overtake in decoding."""
        self.depth = depth
        self.interval = interval
        """Nominal frame interval."""
        self.delay = depth * interval
        """By how much PTS is later than DTS where nothing is reordered."""
        self._first = first - self.delay
        self._latest = self.delay - interval
        self._dts = -1
        self._window: list[int] = []
        self._count = 0
        self._arrival = 0.0
        self._backward = 0

    @property
    def deeper(self) -> bool:
        """Pictures are reordered more than `depth` says: the next mux needs a greater one."""
        return self._backward >= _BACKWARD_STEPS_OF_REORDERING and self.depth < _MOST_DEPTH

    def place(self, pts: int, arrival_ms: float) -> tuple[int, int]:
        """(PTS, DTS) of the next unit. Raises Discontinuity, after which this object is spent."""
        pts -= self._first
        step = pts - self._latest
        if step > _LONGEST_JUMP + (self.depth + 1) * self.interval:
            raise Discontinuity
        if step > 0:
            self._latest = pts
        elif self.depth == 0 or pts <= self._dts:
            if step < -_LONGEST_JUMP - self.delay:
                raise Discontinuity
            self._backward += step < 0
            pts = self._latest = self._latest + self._repaired_step(arrival_ms)
        if self.depth == 0:
            if step > 0:
                self.interval += (step - self.interval) >> 3
            dts = pts
        else:
            dts = self._reordered(pts)
            pts = max(pts, dts)
        self._count += 1
        self._dts = dts
        self._arrival = arrival_ms
        return pts, dts

    def _repaired_step(self, arrival_ms: float) -> int:
        """For a duplicate or backward stamp: as far on as the arrivals were apart, one frame at most."""
        apart = int((arrival_ms - self._arrival) * _TICKS_PER_MS)
        return max(1, self.interval // 8, min(self.interval, apart))

    def _reordered(self, pts: int) -> int:
        """The n-th DTS is the n-th least PTS, `delay` earlier: known once `depth` more have come."""
        insort(self._window, pts)
        if self._count < self.depth:
            dts = self._count * self.interval
        else:
            dts = self._window.pop(0)
            self._backward += dts > pts
        return max(dts, self._dts + 1)


def observed_depth(stamps: Sequence[int]) -> int:
    """The reorder depth that PTS in decoding order show; single glitches do not count."""
    backward = sum(b < a for a, b in pairwise(stamps))
    if backward < 2:
        return 0
    depths = (sum(earlier > pts for earlier in stamps[:i]) for i, pts in enumerate(stamps))
    return min(max(depths), _MOST_DEPTH)


def observed_interval(stamps: Sequence[int]) -> int:
    """The median distance of neighbours in 90 kHz; that of 25 frames/s when nothing can be told."""
    ordered = sorted(stamps)
    steps = sorted(b - a for a, b in pairwise(ordered) if 0 < b - a <= _SLOWEST_INTERVAL)
    return steps[len(steps) // 2] if steps else _DEFAULT_INTERVAL
