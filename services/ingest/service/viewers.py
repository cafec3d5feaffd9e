"""Live streams that are open, so that they can be ended: they have no end of their own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from services.ingest.media.ring import LiveItem
from snowlight.errors import UnavailableError


class Viewer:
    """One open stream. It is interrupted only while it waits for footage, never while it sends: gRPC would
    leave the reader without a status.
    """

    def __init__(self) -> None:
        self._ended = False
        self._waiting: asyncio.Timeout | None = None

    async def follow(self, items: AsyncIterator[LiveItem]) -> AsyncIterator[LiveItem]:
        """`items`, until they end or raise. Raises UnavailableError once the stream is ended."""
        while not self._ended:
            try:
                async with asyncio.timeout(None) as self._waiting:  # only `end` lets it come
                    item = await anext(items)
            except TimeoutError:
                break
            except StopAsyncIteration:
                return
            finally:
                self._waiting = None
            yield item
        raise UnavailableError("camera.offline", "the camera is no longer recorded")

    def end(self) -> None:
        self._ended = True
        if self._waiting is not None:
            self._waiting.reschedule(asyncio.get_running_loop().time())


class Viewers:
    """The open live streams of each camera."""

    def __init__(self) -> None:
        self._viewers: dict[str, set[Viewer]] = {}

    @contextmanager
    def viewing(self, uid: str) -> Iterator[Viewer]:
        """A stream of the camera `uid` is open inside."""
        viewer = Viewer()
        viewers = self._viewers.setdefault(uid, set())
        viewers.add(viewer)
        try:
            yield viewer
        finally:
            viewers.discard(viewer)
            if not viewers:
                self._viewers.pop(uid, None)

    def end(self, uid: str) -> None:
        """End the streams of a camera that was disabled or deleted."""
        for viewer in self._viewers.get(uid, ()):
            viewer.end()

    def end_all(self) -> None:
        """End all streams: the process stops."""
        for uid in self._viewers:
            self.end(uid)
