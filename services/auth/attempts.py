"""Failed sign-ins, counted by user name and address."""

from collections import OrderedDict

from snowlight.clock import Clock
from snowlight.errors import ResourceExhaustedError

MAX_FAILURES = 5
WINDOW_S = 300.0
MAX_TRACKED = 10_000


class Attempts:
    """Lets five failures through in five minutes. Kept in memory, the oldest of 10,000 forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], list[float]] = OrderedDict()

    def begin(self, username: str, address: str) -> None:
        """Count an attempt as failed until `succeeded` says otherwise, so that many at once are counted too.

        Raises ResourceExhaustedError("auth.too_many_attempts").
        """
        now = self._clock.monotonic()
        key = (username, address)
        recent = [at for at in self._failures.get(key, ()) if now - at < WINDOW_S]
        if len(recent) >= MAX_FAILURES:
            raise ResourceExhaustedError(
                "auth.too_many_attempts", "too many failed sign-ins, try again in five minutes"
            )
        self._failures[key] = [*recent, now]
        self._failures.move_to_end(key)
        if len(self._failures) > MAX_TRACKED:
            self._failures.popitem(last=False)

    def succeeded(self, username: str, address: str) -> None:
        """Forget the failures of who signed in."""
        self._failures.pop((username, address), None)
