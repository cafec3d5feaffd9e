"""Failed sign-ins, counted by user name and address, and by address alone."""

import math
from collections import OrderedDict
from collections.abc import Hashable

from snowlight.clock import Clock
from snowlight.errors import ResourceExhaustedError

MAX_FAILURES = 5
MAX_FAILURES_OF_ADDRESS = 50
"""Many more than of one name: a whole office may sit behind one address."""
WINDOW_S = 300.0
MAX_TRACKED = 10_000


class Attempts:
    """Lets five failures in five minutes through for a name at an address, and fifty for an address."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_name = _Failures(MAX_FAILURES)
        self._by_address = _Failures(MAX_FAILURES_OF_ADDRESS)

    def begin(self, username: str, address: str) -> None:
        """Count an attempt as failed until `succeeded` says otherwise, so that many at once are counted too.

        Raises ResourceExhaustedError("auth.too_many_attempts") that tells when the next one is let through.
        """
        now = self._clock.monotonic()
        wait_s = max(self._by_name.wait_s((username, address), now), self._by_address.wait_s(address, now))
        if wait_s > 0:
            raise ResourceExhaustedError(
                "auth.too_many_attempts",
                "too many failed sign-ins, try again in a few minutes",
                retry_after_s=math.ceil(wait_s),
            )
        self._by_name.add((username, address), now)
        self._by_address.add(address, now)

    def succeeded(self, username: str, address: str) -> None:
        """Forget the failures of who signed in. Other names' at the address stay: one good password among
        many guessed ones excuses none of them."""
        self._by_name.forget((username, address))
        self._by_address.take_back(address)


class _Failures:
    """When each key failed in the last five minutes. Kept in memory, the oldest of 10,000 keys forgotten."""

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
