"""How full the spool is, and which cameras stop recording as it fills: the least important first."""

from dataclasses import dataclass
from zlib import crc32

FIRST_STOP = 0.80
_STOPS = {3: (FIRST_STOP, 0.90), 2: (0.90, 0.96), 1: (0.96, 1.0)}
"""By camera class: the level at which its first camera stops, and the one at which its last does."""
_HYSTERESIS = 0.05

FAILED = 2.0
"""The level of a disk that takes nothing, above every mark."""


@dataclass(frozen=True, slots=True)
class Marks:
    """A camera stops recording at one level and goes on below another, so that it does not flutter."""

    stop: float
    resume: float


def marks_of(uid: str, camera_class: int) -> Marks:
    """Within its class each camera has a level of its own, the same at every time and in every process."""
    low, high = _STOPS[camera_class]
    place = (crc32(uid.encode(), 1) + 1) / 0x1_0000_0000  # seed 1: not the order in which minutes are cut
    stop = low + (high - low) * place
    return Marks(stop, stop - _HYSTERESIS)


def level_of(used: int, available: int, capacity: int, reserve: int) -> float:
    """From 0, empty, to 1, full. All in bytes.

    `used` is what the spool holds, `available` what its disk has left beyond the reserve. `capacity` is what
    the spool may hold, 0 for as much as the disk does. A disk that others fill too has little room for the
    spool to be a share of, so the last bytes before the reserve count on a scale as long as the reserve.
    """
    by_disk = 1 - available / max(used + available, reserve, 1)
    return min(max(by_disk, used / capacity if capacity else 0.0), 1.0)
