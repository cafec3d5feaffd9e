"""The newest changes of state and health of all cameras, numbered in the order they came."""

import asyncio
import secrets
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from services.ingest.status.change import HealthChange, StateChange
from snowlight.errors import UnavailableError

MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class NumberedChange:
    """A change and its place in the run, counted from 1."""

    number: int
    change: StateChange | HealthChange


class StateJournal:
    """A reader that comes back goes on where it was, as long as that is still kept. Nothing here waits."""

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self.run = secrets.token_hex(8)
        """Names this run of ingest: another one counts anew."""
        self.head = 0
        """The number of the newest change."""
        self._kept: deque[NumberedChange] = deque(maxlen=most_kept)
        self._wakes: set[asyncio.Event] = set()

    def add(self, change: StateChange | HealthChange) -> None:
        self.head += 1
        self._kept.append(NumberedChange(self.head, change))
        for wake in self._wakes:
            wake.set()

    @property
    def floor(self) -> int:
        """Everything after this number is kept."""
        return self.head - len(self._kept)

    def holds(self, run: str, number: int) -> bool:
        """Whether everything after `number` of `run` is kept."""
        return run == self.run and self.floor <= number <= self.head

    def after(self, number: int) -> list[NumberedChange]:
        """The changes after `number`, oldest first. Raises UnavailableError when some are kept no more."""
        if number < self.floor:
            raise UnavailableError(
                "events.behind", "more has come than is kept: ask again from where you are"
            )
        found = []
        for change in reversed(self._kept):
            if change.number <= number:
                break
            found.append(change)
        return found[::-1]

    @contextmanager
    def told(self, wake: asyncio.Event) -> Iterator[None]:
        """Inside, `wake` is set whenever there is a change."""
        self._wakes.add(wake)
        try:
            yield
        finally:
            self._wakes.discard(wake)
