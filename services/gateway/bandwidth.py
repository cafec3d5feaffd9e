"""How fast media playlists must be loaded: BANDWIDTH and AVERAGE-BANDWIDTH (RFC 8216bis section 4.4.6.2)."""

from collections.abc import Sequence

_ROUND_UP_TO = 100_000


def bandwidth_attributes(segments: Sequence[tuple[int, int]]) -> list[str]:
    """Of segments, at least one, each its bytes and how long it lasts, ms."""
    peak, average = measured_bandwidth(segments)
    return [f"BANDWIDTH={_round_up(peak)}", f"AVERAGE-BANDWIDTH={_round_up(average)}"]


def expected_bandwidth(bits_per_second: int) -> list[str]:
    """The same of what is not playing, by what it takes on average: half as much again at its peak."""
    return [
        f"BANDWIDTH={_round_up(bits_per_second * 3 // 2)}",
        f"AVERAGE-BANDWIDTH={_round_up(bits_per_second)}",
    ]


def measured_bandwidth(segments: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Peak and average, bits per second. The peak is that of segments at least half as long as the longest:
    what is shorter counts only together with its neighbours."""
    longest_ms = max(lasts_ms for _, lasts_ms in segments)
    peak = max(size * 8000 // max(lasts_ms, 1) for size, lasts_ms in segments if lasts_ms >= longest_ms / 2)
    return peak, sum(size for size, _ in segments) * 8000 // max(sum(ms for _, ms in segments), 1)


def _round_up(bits_per_second: int) -> int:
    return -(-bits_per_second // _ROUND_UP_TO) * _ROUND_UP_TO
