"""Sub streams: a camera's own small pictures, pulled while somebody watches. They are not recorded."""

from collections.abc import Callable

import structlog

from services.ingest.camera import CameraSpec
from services.ingest.connection import Connection
from services.ingest.media.live import LiveFeed
from services.ingest.media.ring import Ring
from services.ingest.media.stream import MediaStream
from services.ingest.media_meter import MediaMeter
from services.ingest.observer import MediaInfo
from services.ingest.renditions.running import Running
from services.ingest.session import SessionParts
from services.ingest.sources.source import Source, SourceError
from snowlight.errors import UnavailableError
from snowlight.media.fragment import Fragment, InitSection

log = structlog.get_logger(__name__)


class SubStreams:
    """Connects to sub streams as sessions connect to the main ones."""

    def __init__(self, parts: SessionParts, open_source: Callable[[CameraSpec], Source]) -> None:
        self._parts = parts
        self._open_source = open_source

    async def run(self, camera: CameraSpec, running: Running, on_media: Callable[[MediaInfo], None]) -> None:
        """Connect, and again after every end, until cancelled."""
        settings = self._parts.settings
        feed = _Feed(running, MediaMeter(on_media, settings.media_interval))
        delay = settings.retry_first
        while True:
            try:
                error = await self._connect(camera, running.ring, feed)
            finally:
                feed.stop()
            if feed.came:
                delay = settings.retry_first
            running.fail(UnavailableError("live.rendition_away", str(error)))
            log.info("rendition.away", camera=camera.name, rendition=running.name, reason=str(error))
            delay = await self._parts.pause(delay)

    async def _connect(self, camera: CameraSpec, ring: Ring, feed: "_Feed") -> SourceError:
        """One connection, from its opening to its end. Returns why it ended."""
        parts = self._parts
        feed.came = False
        try:
            source = self._open_source(camera)
        except SourceError as error:
            return error
        connection = Connection(
            source,
            lambda output: MediaStream(
                parts.wall,
                parts.init_sections,
                ring.numbering,
                output,
                parts.settings.stream,
                parts.transcoders,
                feed.until_ms,
            ),
            feed,
            feed,
            parts.settings.key_frame_timeout,
        )
        return await connection.run(f"{camera.name} sub source")


class _Feed:
    """Where the fragments of all connections of one sub stream go: its ring."""

    def __init__(self, running: Running, meter: MediaMeter) -> None:
        self._running = running
        self._live = LiveFeed(running.ring)
        self._meter = meter
        self.came = False
        """A fragment has come on this connection."""
        self.until_ms = 0
        """Where the fragments end so far, ms since 1970 UTC."""

    def begin(self, init: InitSection, frames_per_second: float) -> None:
        self._live.begin(init)
        self._meter.begin(init, frames_per_second)

    def append(self, fragment: Fragment) -> None:
        self._running.failure = None
        self._live.append(fragment)
        self._meter.add(fragment)
        self.came = True
        self.until_ms = fragment.end_ms

    def discontinuity(self, reason: str) -> None:
        """Viewers see it by the new init section."""

    def on_loss(self, packets: int) -> None:
        """Counted of the main stream alone."""

    def on_received(self, packets: int) -> None:
        """Counted of the main stream alone."""

    def on_jitter(self, jitter_ms: float) -> None:
        """Measured of the main stream alone."""

    def on_camera_clock(self, offset_ms: int) -> None:
        """The main stream tells of it."""

    def stop(self) -> None:
        """The connection ended."""
        self._live.stop()
