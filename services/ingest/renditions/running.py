"""A rendition that is watched, or was just now."""

import asyncio

from services.ingest.media.ring import Ring
from services.ingest.observer import MediaInfo
from services.ingest.service.viewers import Viewer
from snowlight.errors import SnowlightError, UnavailableError

_LOOK_S = 0.05


class Running:
    """Its ring, who watches it, and why it has no picture."""

    def __init__(self, uid: str, name: str, ring: Ring) -> None:
        self.uid = uid
        self.name = name
        self.ring = ring
        self.viewers: set[Viewer] = set()
        self.failure: SnowlightError | None = None
        """Why there is no picture; None while one is there or on its way."""
        self.media: MediaInfo | None = None
        """What it is; None while that is not known."""
        self.task: asyncio.Task[None] | None = None
        self.ending: asyncio.TimerHandle | None = None
        """Ends it, since nobody watches."""

    def fail(self, failure: SnowlightError) -> None:
        """There is no picture for now: whoever watches is told why."""
        self.failure = failure
        for viewer in self.viewers:
            viewer.end(failure)

    async def picture(self, wait_s: float) -> Ring:
        """The ring, once there is a picture in it. Raises why there is none, or UnavailableError when it
        takes longer than `wait_s`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s
        while not (self.ring.live and self.ring.held_bytes):
            if self.failure is not None:
                raise self.failure
            if loop.time() >= deadline:
                raise UnavailableError("live.no_picture", f"the rendition {self.name} has no picture yet")
            await asyncio.sleep(_LOOK_S)
        return self.ring
