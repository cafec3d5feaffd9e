"""From arrival to wall time. All instants are float ms since 1970 UTC."""

from collections.abc import Callable
from typing import Final

import structlog

from snowlight.clock import Clock

_SLEW: Final = 500e-6
STEP_MS: Final = 1000.0
_DISCIPLINE_EVERY_S: Final = 1.0
_CONFIRM_S: Final = 15.0
_WINDOW_MS: Final = 10_000.0

log = structlog.get_logger(__name__)


class WallClock:
    """A monotonic clock disciplined to the system clock: slewed by at most 500 ppm, stepped beyond 1 s.

    A step is followed once it has lasted: by then it is known whether the database's clock agrees, and where
    it does not, that one is right.
    """

    def __init__(self, clock: Clock, skew_ms: Callable[[], int]) -> None:
        """`skew_ms`: what the database's clock is ahead of `clock`; 0 while they agree."""
        self._clock = clock
        self._monotonic = clock.monotonic
        self._skew_ms = skew_ms
        self._checked = clock.monotonic()
        self._offset = self._right_ms() - self._checked * 1000.0
        self._stepped_at: float | None = None

    def now_ms(self) -> float:
        monotonic = self._monotonic()
        if monotonic - self._checked > _DISCIPLINE_EVERY_S:
            self._discipline(monotonic)
        return monotonic * 1000.0 + self._offset

    def _discipline(self, monotonic: float) -> None:
        error = self._right_ms() - monotonic * 1000.0 - self._offset
        if abs(error) <= STEP_MS:
            self._stepped_at = None
            most = (monotonic - self._checked) * 1000.0 * _SLEW
            self._offset += max(-most, min(most, error))
        elif self._stepped_at is None:
            self._stepped_at = monotonic
        elif monotonic - self._stepped_at >= _CONFIRM_S:
            log.warning("clock.stepped", by_ms=round(error))
            self._stepped_at = None
            self._offset += error
        self._checked = monotonic

    def _right_ms(self) -> int:
        return self._clock.now_ms() + self._skew_ms()


class SessionClock:
    """Wall time of one stream's media time: an anchor, and a correction that follows the arrivals.

    Network delay only ever makes a unit late, so the least delay of the last ten seconds is taken for the
    drift between the camera's sampling clock and ours.
    """

    __slots__ = ("_anchor", "_least", "_target", "_window_end", "stepped")

    def __init__(self, anchor_ms: float, late_ms: float = 0.0) -> None:
        """`anchor_ms`: wall time of media time 0. `late_ms`: as of the clock that this one follows."""
        self._anchor = anchor_ms
        self._target = late_ms
        self._least = float("inf")
        self._window_end = _WINDOW_MS
        self.stepped = False
        """Arrivals are over a second away from what the anchor says: begin a new session."""

    @property
    def late_ms(self) -> float:
        """By how much the least delayed unit of the last window arrived later than `wall_ms` says."""
        return 0.0 if self.stepped else self._target

    def wall_ms(self, media_ms: float) -> float:
        """When the sample at `media_ms` was captured."""
        return self._anchor + media_ms

    def observe(self, media_ms: float, arrival_ms: float) -> None:
        """A unit of `media_ms` arrived."""
        error = arrival_ms - self._anchor - media_ms
        if error < self._least:
            self._least = error

    def advance(self, media_ms: float, elapsed_ms: float) -> bool:
        """`elapsed_ms` more of media, up to `media_ms`, has its place; slew for what follows.

        Returns whether a window of ten seconds ends here, and its least delay is known.
        """
        if self._least < -STEP_MS:
            self.stepped = True
        ended = media_ms >= self._window_end
        if ended:
            self._target = self._least if self._least != float("inf") else 0.0
            self.stepped = self.stepped or self._target > STEP_MS
            self._least = float("inf")
            self._window_end = media_ms + _WINDOW_MS
        most = elapsed_ms * _SLEW
        change = max(-most, min(most, self._target))
        self._anchor += change
        self._target -= change
        return ended
