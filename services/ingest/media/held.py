"""A session's first units, held until what they tell together is known."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from services.ingest.media.timestamps import observed_depth, observed_interval
from snowlight.media.boxes import VIDEO_TIMESCALE

_TICKS_PER_MS: Final = VIDEO_TIMESCALE // 1000
_UNIT_BYTES: Final = 256
"""What the record of a unit takes beside its bytes, so that many empty ones are much as well."""


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """`settle_ms`: how long a session's first units are held, so that audio announced by the source has
    arrived, a burst at the start of the connection is over and the frame interval is known.
    `held_bytes`: the session begins earlier where more than that is held, and no more audio is held.
    """

    settle_ms: float = 1000.0
    held_bytes: int = 8 << 20


class Unit(NamedTuple):
    """An access unit, or an audio frame, and its arrival in ms since 1970 UTC."""

    video: bool
    data: bytes
    pts: int
    key: bool
    arrival_ms: float


class Beginning(NamedTuple):
    """How a session begins."""

    units: list[Unit]
    """In the order they came, a key frame first."""
    first_pts: int
    anchor_ms: float
    """When the first picture was captured, by the unit that was delayed least."""
    depth: int
    """The reorder depth that the units show."""
    interval: int
    """The frame interval in 90 kHz."""


class HeldUnits:
    """In the order they came."""

    def __init__(self, settings: StreamSettings) -> None:
        self._settings = settings
        self._units: list[Unit] = []
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._units)

    def add(self, unit: Unit) -> None:
        """Hold one more."""
        self._units.append(unit)
        self._bytes += len(unit.data) + _UNIT_BYTES

    def drop_audio(self) -> None:
        """Hold pictures only."""
        self._units = [unit for unit in self._units if unit.video]
        self._bytes = sum(len(unit.data) + _UNIT_BYTES for unit in self._units)

    def clear(self) -> None:
        """Hold none."""
        self._units = []
        self._bytes = 0

    @property
    def settled(self) -> bool:
        """The session may begin."""
        units = self._units
        settled = len(units) > 1 and units[-1].arrival_ms - units[0].arrival_ms >= self._settings.settle_ms
        return settled or self.full

    @property
    def full(self) -> bool:
        """More than enough is held."""
        return self._bytes > self._settings.held_bytes

    def take(self, clock_rate: int) -> Beginning:
        """Give away what is held. `clock_rate`: of the video's PTS."""
        units = self._units
        self.clear()
        pictures = [unit for unit in units if unit.video]
        stamps = [unit.pts * VIDEO_TIMESCALE // clock_rate for unit in pictures]
        origin = stamps[0]
        anchor_ms = min(
            unit.arrival_ms - (stamp - origin) / _TICKS_PER_MS
            for unit, stamp in zip(pictures, sorted(stamps), strict=True)
            if stamp >= origin
        )
        return Beginning(units, units[0].pts, anchor_ms, observed_depth(stamps), observed_interval(stamps))
