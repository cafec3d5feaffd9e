"""What a long look at something that should stay as it is comes to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Slope:
    """A straight line's."""

    value: float
    error: float
    """Its standard error; infinite for fewer than three points."""


def slope_of(points: Sequence[tuple[float, float]]) -> Slope:
    """Of the line that fits points best by least squares; they are at two places at least."""
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    value = sum((x - middle_x) * (y - middle_y) for x, y in points) / spread
    if len(points) < 3:
        return Slope(value, math.inf)
    rest = sum((y - middle_y - value * (x - middle_x)) ** 2 for x, y in points)
    return Slope(value, math.sqrt(rest / (len(points) - 2) / spread))


@dataclass
class Tile:
    """One picture of a wall, looked at again and again."""

    drifts_s: list[float] = field(default_factory=list)
    """From the picture to the newest one that has come, while it plays."""
    ages_s: list[float] = field(default_factory=list)
    """From the instant that its clock names to when it was read there; the clock moves once a second."""
    stalls: int = 0
    """How often it stood still from one look to the next."""
    away: int = 0
    """Looks at which it did not play."""
    dropped: int = 0
    """Pictures decoded and not shown."""
    pictures: int = 0
    """All that were decoded or dropped."""
    _position: float | None = None
    _counted: tuple[int, int] | None = None
    _stands: bool = False

    def add(
        self, playing: bool, position: float, end: float, age: float | None, dropped: int, pictures: int
    ) -> None:
        """One look."""
        if playing:
            self.drifts_s.append(end - position)
        else:
            self.away += 1
        if age is not None:
            self.ages_s.append(age)
        stands = position == self._position
        self.stalls += stands and not self._stands
        self._stands, self._position = stands, position
        if self._counted is not None and pictures >= self._counted[1]:  # another source counts from zero
            self.dropped += dropped - self._counted[0]
            self.pictures += pictures - self._counted[1]
        self._counted = (dropped, pictures)
