"""The newest picture of a camera, decoded once a second however many ask for it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from services.gateway.live.segment import LivePart
from services.gateway.live.window import LiveWindow
from services.gateway.snapshot.picture import picture
from services.gateway.workshop import Workshop
from snowlight.clock import Clock

FRESH_S = 1.0
"""For so long a picture is the newest one, unless another session has begun."""

Name = tuple[str, int, int]
"""Camera, session, and what tells the picture from the others of it."""


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A picture, and until when it is fresh, seconds on the monotonic clock."""

    until: float
    name: Name
    time_ms: int


class NewestPictures:
    """As JPEG."""

    def __init__(self, workshop: Workshop[Name], clock: Clock) -> None:
        self._workshop = workshop
        self._clock = clock
        self._fresh: OrderedDict[str, _Fresh] = OrderedDict()
        """By camera, the oldest first."""

    async def take(self, uid: str, window: LiveWindow) -> tuple[bytes, int]:
        """Of a window that has a picture; and when that was taken, ms since 1970 UTC. Raises
        ResourceExhaustedError when too many wait, and DataLossError when it cannot be decoded."""
        parts = window.newest_pictures()
        init = window.init_of(parts[0].session)

        async def make() -> bytes:
            return await self._workshop.work(picture, init.data, b"".join(part.data for part in parts))

        fresh = self._newest(uid, parts[-1])
        return await self._workshop.take(fresh.name, make), fresh.time_ms

    def _newest(self, uid: str, part: LivePart) -> _Fresh:
        now = self._clock.monotonic()
        while self._fresh and next(iter(self._fresh.values())).until <= now:
            self._fresh.popitem(last=False)
        fresh = self._fresh.get(uid)
        if fresh is None or fresh.until <= now or fresh.name[1] != part.session:
            fresh = _Fresh(now + FRESH_S, (uid, part.session, part.number), part.end_ms)
            self._fresh[uid] = fresh
            self._fresh.move_to_end(uid)
        return fresh
