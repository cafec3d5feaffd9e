"""What happened to cameras lately, in the order it was heard, for those who follow it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["camera_state", "camera_health", "camera_changed", "camera_deleted"]

MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """A place in ingest's two sequences (`ingest.v1.EventPosition`). All gateways have the same ones."""

    revision: int
    run: str
    number: int


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to one camera. It has a revision, or else a number."""

    kind: Kind
    uid: str
    name: str
    regions: frozenset[str]
    """Where the camera is, and where it was before."""
    body: bytes
    """JSON."""
    revision: int = 0
    number: int = 0

    def is_after(self, place: Place) -> bool:
        return self.revision > place.revision or self.number > place.number


class CameraJournal:
    """Bounded. A reader holds an index alone: one that falls behind what is kept has lost its place."""

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self._kept: deque[Happening] = deque()
        self._most_kept = most_kept
        self._floor = Place(0, "", 0)
        """Everything after it is kept."""
        self.head = Place(0, "", 0)
        self.first = 0
        """Index of the oldest that is kept."""
        self.era = 0
        """Counts the resets: what is told in another one does not go on from here."""
        self._news = asyncio.Event()

    @property
    def end(self) -> int:
        """Index of what comes next."""
        return self.first + len(self._kept)

    def reset(self, head: Place, floor: Place, happenings: Sequence[Happening]) -> None:
        """Begin anew with all that happened after `floor` and up to `head`."""
        self.first = self.end
        self.era += 1
        self._kept.clear()
        self._floor, self.head = floor, head
        for happening in happenings:
            self._keep(happening)
        self.tell()

    def add(self, happening: Happening) -> None:
        """Keep what has happened now. `tell` follows."""
        head = self.head
        self.head = Place(
            max(head.revision, happening.revision), head.run, max(head.number, happening.number)
        )
        self._keep(happening)

    def tell(self) -> None:
        """Wake those who wait for news."""
        self._news.set()
        self._news = asyncio.Event()

    async def news(self) -> None:
        """Wait for what comes next."""
        await self._news.wait()

    def holds(self, place: Place) -> bool:
        """Whether all that came after `place` is kept, or will come."""
        floor = self._floor
        return (
            bool(self.head.run)
            and place.run == self.head.run
            and (place.revision >= floor.revision and place.number >= floor.number)
        )

    def since(self, index: int, most: int) -> list[Happening]:
        """At most so many from `index` on, which must not be before `first`."""
        kept, start = self._kept, index - self.first
        return [kept[at] for at in range(start, min(start + most, len(kept)))]

    def _keep(self, happening: Happening) -> None:
        self._kept.append(happening)
        if len(self._kept) > self._most_kept:
            gone = self._kept.popleft()
            self.first += 1
            floor = self._floor
            self._floor = Place(max(floor.revision, gone.revision), floor.run, max(floor.number, gone.number))
