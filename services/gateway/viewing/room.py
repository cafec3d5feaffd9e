"""How much footage may be on its way to people at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from services.gateway.viewing.use import TicketUse
from snowlight.errors import ResourceExhaustedError, SnowlightError, UnavailableError

MOST_OF_VIEWER = 8
"""Answers under way to each viewer that a ticket is for. Players load one segment at a time, or two or three
where they run ahead; the console loads a few small pictures beside them."""
_RETRY_AFTER_S = 2


class Room:
    """What is sent is held until the last byte of it was taken. The same bytes count once, to however many
    they go: live segments, and what is kept for whoever asks next."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._holders: Counter[int] = Counter()
        """By `id` of the bytes."""
        self._answers: Counter[TicketUse] = Counter()

    @property
    def held_bytes(self) -> int:
        """How many are held now."""
        return self._bytes

    @contextmanager
    def reading(self, size: int) -> Iterator[None]:
        """So many bytes are read inside. Raises UnavailableError when there is no room for them."""
        if self._bytes + size > self._most_bytes:
            raise _full()
        self._bytes += size
        try:
            yield
        finally:
            self._bytes -= size

    def refusal(self, use: TicketUse, data: bytes | memoryview) -> SnowlightError | None:
        """Why `data` cannot be sent now, if so."""
        most = MOST_OF_VIEWER * use.claims.max_viewers
        if self._answers[use] >= most:
            return ResourceExhaustedError(
                "ticket.too_many_answers",
                f"{most} answers are under way with this ticket already, as many as may",
                retry_after_s=_RETRY_AFTER_S,
            )
        if id(data) not in self._holders and self._bytes + len(data) > self._most_bytes:
            return _full()
        return None

    def take(self, use: TicketUse, data: bytes | memoryview) -> None:
        """`data` is held from now on."""
        self._answers[use] += 1
        self._holders[id(data)] += 1
        if self._holders[id(data)] == 1:
            self._bytes += len(data)

    def give_back(self, use: TicketUse, data: bytes | memoryview) -> None:
        """It is no longer."""
        self._answers[use] -= 1
        if not self._answers[use]:
            del self._answers[use]
        self._holders[id(data)] -= 1
        if not self._holders[id(data)]:
            del self._holders[id(data)]
            self._bytes -= len(data)


def _full() -> UnavailableError:
    return UnavailableError(
        "gateway.sending_full",
        "as much footage is on its way from here as there is memory for",
        retry_after_s=_RETRY_AFTER_S,
    )
