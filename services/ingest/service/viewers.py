"""Live streams that are open, so that they can be ended: they have no end of their own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from services.ingest.media.live_item import LiveItem
from snowlight.errors import SnowlightError, UnavailableError


def rights_changed() -> UnavailableError:
    """Why a reader gets no pictures who does not know that the rights to the camera have changed."""
    return UnavailableError("live.rights_changed", "learn first what was revoked, then watch again")


class Viewer:
    """One open stream. It is interrupted only while it waits for footage, never while it sends: gRPC would
    leave the reader without a status.
    """

    def __init__(self, revocation_sequence: int = 0) -> None:
        self.revocation_sequence = revocation_sequence
        """How far its reader knew what was revoked."""
        self._ended: SnowlightError | None = None
        self._waiting: asyncio.Timeout | None = None

    async def follow(self, items: AsyncIterator[LiveItem]) -> AsyncIterator[LiveItem]:
        """`items`, until they end or raise. Raises why the stream was ended once it is."""
        while self._ended is None:
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
        assert self._ended is not None
        raise self._ended

    def end(self, why: SnowlightError) -> None:
        self._ended = why
        if self._waiting is not None:
            self._waiting.reschedule(asyncio.get_running_loop().time())


class Viewers:
    """The open live streams of each camera."""

    def __init__(self) -> None:
        self._viewers: dict[str, set[Viewer]] = {}

    @contextmanager
    def viewing(self, uid: str, revocation_sequence: int = 0) -> Iterator[Viewer]:
        """A stream of the camera `uid` is open inside."""
        viewer = Viewer(revocation_sequence)
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
            viewer.end(UnavailableError("camera.offline", "the camera is no longer recorded"))

    def end_unaware(self, uid: str, revocation_sequence: int) -> None:
        """End the streams of a camera whose readers knew less of what was revoked."""
        for viewer in self._viewers.get(uid, ()):
            if viewer.revocation_sequence < revocation_sequence:
                viewer.end(rights_changed())

    def end_all(self) -> None:
        """End all streams: the process stops."""
        for uid in self._viewers:
            self.end(uid)
