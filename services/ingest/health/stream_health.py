"""How well a stream comes, and when that is something else than before."""

from bisect import bisect_right
from dataclasses import dataclass

_LOSS_BANDS = (0.001, 0.01, 0.05)
_JITTER_BANDS_MS = (50.0, 200.0, 1000.0)
_CLOCK_STEP_MS = 1000


@dataclass(frozen=True, slots=True)
class StreamHealth:
    """Of one camera, measured over about a minute."""

    time_ms: int
    """When the measured minute ended, ms since 1970 UTC."""
    bits_per_second: int
    frames_per_second: float
    gop_ms: int
    """0 before a whole group of pictures has come."""
    gop_pictures: int
    loss: float | None
    """RTP packets lost of those expected (RFC 3550, A.3), 0 to 1; None for a source without such packets."""
    jitter_ms: float | None
    """RFC 3550, 6.4.1; None before it is known."""
    clock_offset_ms: int | None
    """The camera's own clock minus ours; None until it has told its time."""
    last_key_ms: int
    """Capture time of the last key frame."""
    reconnects: int
    """Since ingest began."""

    def is_like(self, told: "StreamHealth") -> bool:
        """Nobody who knows `told` need hear of this."""
        return (
            not _is_far(self.bits_per_second, told.bits_per_second, 0.25)
            and not _is_far(self.frames_per_second, told.frames_per_second, 0.2)
            and not _is_far(self.gop_pictures, told.gop_pictures, 0.5)
            and _in_one_band(self.loss, told.loss, _LOSS_BANDS)
            and _in_one_band(self.jitter_ms, told.jitter_ms, _JITTER_BANDS_MS)
            and (self.clock_offset_ms is None) == (told.clock_offset_ms is None)
            and abs((self.clock_offset_ms or 0) - (told.clock_offset_ms or 0)) <= _CLOCK_STEP_MS
        )


def _is_far(value: float, told: float, part: float) -> bool:
    return abs(value - told) > part * max(value, told)


def _in_one_band(value: float | None, told: float | None, limits: tuple[float, ...]) -> bool:
    """What is not known is no news."""
    return value is None or (told is not None and bisect_right(limits, value) == bisect_right(limits, told))
