"""One enabled camera's life: connect, mux, record, and begin again when it ends."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Self
from zoneinfo import ZoneInfo

import structlog

from services.ingest.camera import CameraSpec
from services.ingest.connection import Connection
from services.ingest.footage import Footage
from services.ingest.media.clock import WallClock
from services.ingest.media.held import StreamSettings
from services.ingest.media.init_section import InitSections
from services.ingest.media.ring import Ring
from services.ingest.media.stream import MediaStream
from services.ingest.media.transcoders import Transcoders
from services.ingest.observer import CameraObserver, GapCause
from services.ingest.pace import Pace
from services.ingest.recording.recorder import Recorder
from services.ingest.recording.spool import Spool
from services.ingest.site import site_of
from services.ingest.sources.source import Source, SourceError
from snowlight.clock import Clock
from snowlight.schedule import Schedule

_CAUSES: dict[str, GapCause] = {
    "camera.auth_failed": "auth_failed",
    "camera.unreachable": "camera_offline",
    "camera.timeout": "camera_offline",
    "camera.closed": "camera_offline",
    "camera.not_found": "camera_offline",
    "camera.no_video": "camera_offline",
    "camera.no_key_frame": "camera_offline",
    "camera.file_denied": "camera_offline",
}
"""Why nothing is recorded after a source failed. `network` for everything else: what came was of no use."""

_NOT_PUBLISHED = SourceError("camera.not_published", "the camera has not connected yet")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """Seconds. `key_frame_timeout`: from the first media of a connection to its first key frame, and later
    from one fragment to the next. `healthy_after`: when pictures came for so long, retries begin anew from
    `retry_first`.
    """

    key_frame_timeout: float = 15.0
    retry_first: float = 1.0
    retry_longest: float = 60.0
    healthy_after: float = 30.0
    media_interval: float = 30.0
    stream: StreamSettings = field(default_factory=StreamSettings)


@dataclass(frozen=True, slots=True)
class SessionParts:
    """What all sessions of a process share."""

    clock: Clock
    spool: Spool
    is_store_out: Callable[[str], bool]
    """Whether the footage of a camera, by uid, cannot be uploaded now."""
    time_zone: ZoneInfo
    """Of the cameras' schedules."""
    wall: WallClock
    init_sections: InitSections
    transcoders: Transcoders
    random: Random
    pace: Pace
    """Of the connections to all cameras."""
    settings: SessionSettings
    may_record: Callable[[], bool]
    """No other worker can have the cameras of this one yet."""

    @classmethod
    def create(
        cls,
        clock: Clock,
        spool: Spool,
        is_store_out: Callable[[str], bool],
        time_zone: ZoneInfo,
        skew_ms: Callable[[], int],
        pace: Pace,
        settings: SessionSettings | None = None,
        may_record: Callable[[], bool] = lambda: True,
    ) -> Self:
        return cls(
            clock,
            spool,
            is_store_out,
            time_zone,
            WallClock(clock, skew_ms),
            InitSections(),
            Transcoders(),
            Random(),  # noqa: S311  jitter, no secret
            pace,
            settings or SessionSettings(),
            may_record,
        )

    async def pause(self, delay: float) -> float:
        """Wait before the next attempt, `delay` seconds at most. Returns the delay of the one after."""
        await asyncio.sleep(delay * self.random.uniform(0.5, 1.0))
        return min(2 * delay, self.settings.retry_longest)


class CameraSession:
    """Whatever the camera does ends in a state, a gap and another attempt."""

    def __init__(
        self,
        camera: CameraSpec,
        *,
        epoch: int,
        open_source: Callable[[CameraSpec], Source],
        parts: SessionParts,
        ring: Ring,
        observer: CameraObserver,
        ahead: Sequence[tuple[int, int]] = (),
        arrival: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`ahead`: (start, end) of footage that is later than now, since the clock has gone back, or that
        another worker has recorded of what `open_source` brings first.
        `arrival`: of a camera that connects to us, waits until it has.
        """
        self._camera = camera
        self._open_source = open_source
        self._parts = parts
        self._ring = ring
        self._observer = observer
        self._arrival = arrival
        self._begin_ms = max((end_ms for _, end_ms in ahead), default=0)
        self._footage = Footage(
            parts.clock,
            Recorder(parts.spool, camera.uid, epoch, camera.camera_class, parts.is_store_out),
            ring,
            observer,
            Schedule.parse(camera.schedule),
            parts.time_zone,
            parts.settings.media_interval,
            ahead,
            parts.may_record,
        )

    @property
    def recorded_until_ms(self) -> int | None:
        """Where the footage ends so far, ms since 1970 UTC; None before the first fragment."""
        return self._footage.recorded_until_ms

    async def finish(self) -> None:
        """Record up to the next key frame, and nothing from there on. Returns once it is there, or at once
        while no pictures come."""
        await self._footage.finish()

    async def run(self) -> None:
        """Connect, and again after every end, until cancelled. Whoever runs it has kept the pace."""
        settings = self._parts.settings
        clock = self._parts.clock
        delay = settings.retry_first
        if self._arrival is not None:
            self._observer.on_state("offline", str(_NOT_PUBLISHED), clock.now_ms())
        while True:
            if self._arrival is not None:
                await self._arrival()
                delay = settings.retry_first
            self._observer.on_state("connecting", "", clock.now_ms())
            try:
                error = await self._connect()
            except BaseException:
                self._footage.close()  # cancelled: its caller knows why, and where the footage ends
                raise
            since = self._footage.online_since
            if since is not None and clock.monotonic() - since >= settings.healthy_after:
                delay = settings.retry_first
            self._footage.end(_CAUSES.get(error.code, "network"))
            self._observer.on_state("offline", str(error), clock.now_ms())
            log.info("camera.offline", camera=self._camera.name, reason=str(error))
            delay = await self._parts.pause(delay)
            if self._arrival is None:
                await self._parts.pace.wait(site_of(self._camera.source_url))

    async def _connect(self) -> SourceError:
        """One connection, from its opening to its end. Returns why it ended."""
        parts = self._parts
        if self._camera.audio:
            await parts.transcoders.load()
        try:
            source = self._open_source(self._camera)
        except SourceError as error:
            return error
        connection = Connection(
            source,
            lambda output: MediaStream(
                parts.wall,
                parts.init_sections,
                self._ring.numbering,
                output,
                parts.settings.stream,
                parts.transcoders,
                self._footage.recorded_until_ms or self._begin_ms,
            ),
            self._footage,
            self._observer,
            parts.settings.key_frame_timeout,
        )
        return await connection.run(f"{self._camera.name} source")
