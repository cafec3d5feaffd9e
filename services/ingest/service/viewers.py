"""Live streams that are open, so that they can be ended: they have no end of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from snowlight.errors import UnavailableError


class Viewers:
    """The open live streams of each camera."""

    def __init__(self) -> None:
        self._viewers: dict[str, set[asyncio.Timeout]] = {}

    @asynccontextmanager
    async def viewing(self, uid: str) -> AsyncIterator[None]:
        """A stream of the camera `uid` goes on inside. Raises UnavailableError when it is ended."""
        viewers = self._viewers.setdefault(uid, set())
        try:
            async with asyncio.timeout(None) as viewer:  # only `end` lets it come
                viewers.add(viewer)
                yield
        except TimeoutError as error:
            raise UnavailableError("camera.offline", "the camera is no longer recorded") from error
        finally:
            viewers.discard(viewer)
            if not viewers and self._viewers.get(uid) is viewers:
                del self._viewers[uid]

    def end(self, uid: str) -> None:
        """End the streams of a camera that was disabled or deleted."""
        now = asyncio.get_running_loop().time()
        for viewer in self._viewers.get(uid, ()):
            viewer.reschedule(now)

    def end_all(self) -> None:
        """End all streams: the process stops."""
        for uid in self._viewers:
            self.end(uid)
