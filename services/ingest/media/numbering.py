"""Media sequence numbers, parts and discontinuities of one camera: only ingest counts them."""

from math import ceil
from typing import Final

_SHORTEST_SEGMENT_MS: Final = 2000
_LONGEST_TARGET_MS: Final = 6000
_ROUNDING_MS: Final = 499  # EXTINF counts rounded to whole seconds (RFC 8216, 4.3.3.1)
_JITTER_MS: Final = 60  # a GOP of "2 s" may be this much shorter


def part_target_ms(frame_interval_ms: float) -> int:
    """PART-TARGET for fragments of half a second, which end when the next unit has come."""
    return ceil(1.08 * ceil(500 / frame_interval_ms) * frame_interval_ms)


class Numbering:
    """One camera's numbers, kept across its sessions.

    The first session's first media sequence number is its Unix second, so that numbers grow over restarts by
    themselves: a segment is longer than a second. Later sessions count on, since a playlist may list two
    sessions only under consecutive numbers. Discontinuities are counted from the camera's first on, since
    players walk arrays as long as their number: the count is kept in the database.
    """

    def __init__(self, discontinuities: int = 0) -> None:
        """`discontinuities`: the discontinuity sequence number of the camera's last session so far."""
        self.session = 0
        """First media sequence number of the session."""
        self.discontinuity_sequence = discontinuities
        self.target_ms = 0
        """TARGETDURATION of the session; 0 until its first segment is whole."""
        self._segment = 0
        self._part = 0
        self._length_ms = 0
        self._longest_ms = 0

    def begin(self, start_ms: int) -> None:
        """A session whose first fragment starts at `start_ms` begins."""
        self.session = self._segment = self._segment + 1 if self._segment else start_ms // 1000
        self.discontinuity_sequence += 1
        self.target_ms = self._target(self._longest_ms) if self._longest_ms else 0
        self._part = 0
        self._length_ms = 0

    def place(self, duration_ms: int, independent: bool) -> tuple[int, int]:
        """(segment, part) of the next fragment."""
        limit = (self.target_ms or _LONGEST_TARGET_MS) + _ROUNDING_MS
        whole = independent and self._length_ms >= _SHORTEST_SEGMENT_MS - _JITTER_MS
        if self._length_ms and (whole or self._length_ms + duration_ms > limit):
            self._longest_ms = max(self._longest_ms, self._length_ms)
            if not self.target_ms:
                self.target_ms = self._target(self._length_ms)
            self._segment += 1
            self._part = 0
            self._length_ms = 0
        self._length_ms += duration_ms
        part = self._part
        self._part += 1
        return self._segment, part

    @staticmethod
    def _target(length_ms: int) -> int:
        return min(max(round(length_ms / 1000) * 1000, _SHORTEST_SEGMENT_MS), _LONGEST_TARGET_MS)
