"""The newest picture of a camera, decoded once a second however many ask for it."""

from __future__ import annotations

from collections import OrderedDict

from services.gateway.live.window import LiveWindow
from services.gateway.snapshot.picture import picture
from services.gateway.workshop import Workshop
from snowlight.clock import Clock

FRESH_S = 1.0
"""For so long a picture is the newest one, unless another session has begun."""

Name = tuple[str, int, int]
"""Camera, session, and what tells the picture from the others of it."""


class NewestPictures:
    """As JPEG."""

    def __init__(self, workshop: Workshop[Name], clock: Clock) -> None:
        self._workshop = workshop
        self._clock = clock
        self._fresh: OrderedDict[str, tuple[float, Name]] = OrderedDict()
        """By camera, until when which picture is fresh; the oldest first."""

    async def take(self, uid: str, window: LiveWindow) -> bytes:
        """Of a window that has a picture. Raises ResourceExhaustedError when too many wait, and DataLossError
        when it cannot be decoded."""
        parts = window.newest_pictures()
        init = window.init_of(parts[0].session)

        async def make() -> bytes:
            return await self._workshop.work(picture, init.data, b"".join(part.data for part in parts))

        return await self._workshop.take(self._name(uid, parts[-1].session, parts[-1].number), make)

    def _name(self, uid: str, session: int, number: int) -> Name:
        now = self._clock.monotonic()
        while self._fresh and next(iter(self._fresh.values()))[0] <= now:
            self._fresh.popitem(last=False)
        until, name = self._fresh.get(uid, (now, (uid, session, number)))
        if until <= now or name[1] != session:
            name = uid, session, number
            self._fresh[uid] = now + FRESH_S, name
            self._fresh.move_to_end(uid)
        return name
