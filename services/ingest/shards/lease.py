"""How long a worker may go on without the database's word, which it keeps time of by itself."""

from snowlight.clock import Clock

HEARTBEAT_SECONDS = 2.0
EXPIRY_SECONDS = 6.0
"""A worker whose last heartbeat is older, by the database's clock, loses its shards to whoever takes them."""
FENCE_SECONDS = 5.5
"""It stops by its own clock before: clocks may run at different speeds."""
ANSWER_SECONDS = 1.5
"""So long a heartbeat is waited for: there is time for another one then, by a new connection."""
WORK_SECONDS = 1.5
"""And so long for what is to be done about shards between two; the rest of it is done after the next."""


class Fence:
    """Shuts `FENCE_SECONDS` after the last heartbeat was *sent*: the database counts from its arrival."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = clock.monotonic() + FENCE_SECONDS
        self._alone = False

    def renew(self, sent: float, *, alone: bool) -> None:
        """A heartbeat that was sent at `sent`, on the monotonic clock, has arrived.

        `alone`: no other worker was alive. Nobody would take over then, and recording outlives an outage of
        the database.
        """
        self._until = sent + FENCE_SECONDS
        self._alone = alone

    @property
    def is_open(self) -> bool:
        """Nobody else may own yet what is owned here."""
        return self._alone or self._clock.monotonic() < self._until
