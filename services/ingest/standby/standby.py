"""One camera that another worker still records, and this one is about to."""

import asyncio
from collections.abc import Callable

from services.ingest.camera import CameraSpec
from services.ingest.sources.source import AccessUnitSink, Source
from services.ingest.standby.held_stream import Ending, HeldStream

KEY_FRAME_SECONDS = 10.0
"""From the beginning of the connection to its first key frame; longer it holds up nobody."""


class Standby:
    """A connection whose newest pictures are held, and at last the source of a session."""

    def __init__(self, camera: CameraSpec, source: Source, now_ms: Callable[[], float]) -> None:
        """`now_ms`: the wall clock of arrivals."""
        self.camera = camera
        self._source = source
        self._held = HeldStream(now_ms)
        self._running: asyncio.Task[None] | None = None
        self._patience_ends = float("inf")

    @property
    def begun(self) -> bool:
        """It was connected to, whatever came of it."""
        return self._running is not None

    @property
    def is_awaited(self) -> bool:
        """Its first pictures may come yet."""
        if self._held.holds_picture:
            return False
        over = self._running is not None and self._running.done()
        return not over and asyncio.get_running_loop().time() < self._patience_ends

    @property
    def has_pictures(self) -> bool:
        """It is worth more than a new connection."""
        return self._held.holds_picture and self._running is not None and not self._running.done()

    def begin(self) -> None:
        """Connect. `close` must follow, or `run` of what `following` returns."""
        self._patience_ends = asyncio.get_running_loop().time() + KEY_FRAME_SECONDS
        self._running = asyncio.create_task(self._source.run(self._held), name=f"{self.camera.name} standby")

    def following(self, ending: Ending) -> Source:
        """The connection as a source that begins where the other worker ended."""
        return _Following(self, ending)

    async def follow(self, sink: AccessUnitSink, ending: Ending) -> None:
        """Feed `sink` as a source does, with what is held first."""
        running = self._running
        assert running is not None
        try:
            self._held.pass_on(sink, ending)
            await asyncio.wait([running])
            running.result()
        finally:
            await self.close()

    async def close(self) -> None:
        """Disconnect."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
            if not self._running.cancelled():
                self._running.exception()  # a camera that cannot be connected to is its session's to tell of


class _Following:
    """Source over a standby."""

    def __init__(self, standby: Standby, ending: Ending) -> None:
        self._standby = standby
        self._ending = ending

    async def run(self, sink: AccessUnitSink) -> None:
        await self._standby.follow(sink, self._ending)
