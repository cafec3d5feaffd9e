"""32-bit RTP timestamps, laid out on a line that does not wrap."""

from typing import Final

_WRAP: Final = 1 << 32
_HALF: Final = 1 << 31


class TimestampUnwrapper:
    """Adds the shortest signed step to the last value, so a wrap goes on and a jump is told as it is.

    `scale`: units of the line to one of the stamps, where the track is told in another clock than RTP has.
    """

    __slots__ = ("_last", "_scale", "_value")

    def __init__(self, scale: int = 1) -> None:
        self._scale = scale
        self._last: int | None = None
        self._value = 0

    def unwrap(self, timestamp: int) -> int:
        """The timestamp's place on the line; the next one is reckoned from here."""
        if self._last is None:
            self._value = timestamp
        else:
            step = (timestamp - self._last) % _WRAP
            self._value += step if step < _HALF else step - _WRAP
        self._last = timestamp
        return self._value * self._scale

    def place(self, timestamp: int) -> int | None:
        """The timestamp's place on the line without moving on; None before the first `unwrap`."""
        if self._last is None:
            return None
        step = (timestamp - self._last) % _WRAP
        return (self._value + (step if step < _HALF else step - _WRAP)) * self._scale
