"""When somebody failed, so that they can be made to wait."""

from collections import OrderedDict
from collections.abc import Hashable

WINDOW_S = 300.0
MAX_TRACKED = 20_000
"""More than hashing passwords lets fail within the window."""


class Failures:
    """When each key failed in the last five minutes. Kept in memory, the oldest of 20,000 keys forgotten."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._instants: OrderedDict[Hashable, list[float]] = OrderedDict()

    def wait_s(self, key: Hashable, now: float) -> float:
        """Seconds until `key` may fail once more; 0 when it may now."""
        recent = self._recent(key, now)
        return recent[-self._limit] + WINDOW_S - now if len(recent) >= self._limit else 0.0

    def add(self, key: Hashable, now: float) -> None:
        self._instants[key] = [*self._recent(key, now), now]
        self._instants.move_to_end(key)
        if len(self._instants) > MAX_TRACKED:
            self._instants.popitem(last=False)

    def take_back(self, key: Hashable) -> None:
        """Forget the newest."""
        instants = self._instants.get(key)
        if instants:
            instants.pop()

    def forget(self, key: Hashable) -> None:
        self._instants.pop(key, None)

    def _recent(self, key: Hashable, now: float) -> list[float]:
        return [at for at in self._instants.get(key, ()) if now - at < WINDOW_S]
