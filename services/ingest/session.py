"""One enabled camera's life: connect, mux, record, and begin again when it ends."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Self
from zoneinfo import ZoneInfo

import structlog

from services.ingest.camera import CameraSpec
from services.ingest.footage import Footage
from services.ingest.media.clock import WallClock
from services.ingest.media.held import StreamSettings
from services.ingest.media.init_section import InitSections
from services.ingest.media.ring import Ring
from services.ingest.media.stream import MediaStream
from services.ingest.observer import CameraObserver, GapCause
from services.ingest.recording.recorder import Recorder
from services.ingest.recording.spool import Spool
from services.ingest.sources.source import Source, SourceError
from snowlight.clock import Clock
from snowlight.media.fragment import Fragment
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

_SLOW_PICTURES = 2.5
"""Intervals of a slow camera's pictures, of which each makes a fragment, until they are missed."""

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
    healthy_after: float = 300.0
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
    random: Random
    settings: SessionSettings

    @classmethod
    def create(
        cls,
        clock: Clock,
        spool: Spool,
        is_store_out: Callable[[str], bool],
        time_zone: ZoneInfo,
        skew_ms: Callable[[], int],
        settings: SessionSettings | None = None,
    ) -> Self:
        return cls(
            clock,
            spool,
            is_store_out,
            time_zone,
            WallClock(clock, skew_ms),
            InitSections(),
            Random(),  # noqa: S311  jitter, no secret
            settings or SessionSettings(),
        )


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
    ) -> None:
        """`ahead`: (start, end) of footage that is later than now, since the clock has gone back."""
        self._camera = camera
        self._open_source = open_source
        self._parts = parts
        self._ring = ring
        self._observer = observer
        self._footage = Footage(
            parts.clock,
            Recorder(parts.spool, camera.uid, epoch, camera.camera_class, parts.is_store_out),
            ring,
            observer,
            Schedule.parse(camera.schedule),
            parts.time_zone,
            parts.settings.media_interval,
            ahead,
        )

    @property
    def recorded_until_ms(self) -> int | None:
        """Where the footage ends so far, ms since 1970 UTC; None before the first fragment."""
        return self._footage.recorded_until_ms

    async def run(self) -> None:
        """Connect, and again after every end, until cancelled."""
        settings = self._parts.settings
        clock = self._parts.clock
        delay = settings.retry_first
        while True:
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
            await asyncio.sleep(delay * self._parts.random.uniform(0.75, 1.0))
            delay = min(2 * delay, settings.retry_longest)

    async def _connect(self) -> SourceError:
        """One connection, from its opening to its end. Returns why it ended."""
        parts = self._parts
        connection = _Connection(self._footage, self._observer)
        stream = MediaStream(
            parts.wall,
            parts.init_sections,
            self._ring.numbering,
            connection,
            parts.settings.stream,
            self._footage.recorded_until_ms or 0,
        )
        try:
            source = self._open_source(self._camera)
        except SourceError as error:
            return error
        running = asyncio.create_task(source.run(stream), name=f"{self._camera.name} source")
        try:
            return await self._watch(running, stream, connection)
        finally:
            running.cancel()
            await asyncio.wait([running])
            stream.finish()

    async def _watch(
        self, running: asyncio.Task[None], stream: MediaStream, connection: "_Connection"
    ) -> SourceError:
        """Wait until the source ends, or what it sends turns out to be of no use."""
        ends: list[asyncio.Future[None]] = [running, connection.failed]
        await asyncio.wait([*ends, connection.described], return_when=asyncio.FIRST_COMPLETED)
        missing = await self._await_footage(ends, stream, connection)
        if missing is not None:
            return missing
        if connection.failure is not None:
            return connection.failure
        try:
            running.result()
        except SourceError as error:
            return error
        return SourceError("camera.closed", "the stream ended")

    async def _await_footage(
        self, ends: list[asyncio.Future[None]], stream: MediaStream, connection: "_Connection"
    ) -> SourceError | None:
        """Wait for one of `ends`, or until no fragment came for too long. Returns what is missing then.

        Packets alone are no footage. After a jump of its stamps a camera may send no key frame unless it is
        connected anew, and where packets are lost all the time no picture is whole.
        """
        loop = asyncio.get_running_loop()
        connection.fed_at = loop.time()
        begun = False
        while True:
            patience = max(self._parts.settings.key_frame_timeout, _SLOW_PICTURES * stream.interval_s)
            left = connection.fed_at + patience - loop.time()
            if left > 0:
                done, _ = await asyncio.wait(ends, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                if done:
                    return None
            elif stream.begun and not begun:
                begun = True  # a slow camera's first fragment ends with its second picture
                connection.fed_at = loop.time()
            else:
                return _missing(stream, patience)


def _missing(stream: MediaStream, patience: float) -> SourceError:
    if not stream.described:
        return SourceError("camera.no_parameter_sets", "parameter sets neither in the SDP nor in the stream")
    if not stream.begun:
        return SourceError("camera.no_key_frame", f"no key frame within {patience:g} s")
    return SourceError("camera.no_video", f"no picture that can be recorded within {patience:g} s")


class _Connection:
    """StreamOutput of one connection."""

    def __init__(self, footage: Footage, observer: CameraObserver) -> None:
        loop = asyncio.get_running_loop()
        self.described: asyncio.Future[None] = loop.create_future()
        self.failed: asyncio.Future[None] = loop.create_future()
        self.failure: SourceError | None = None
        self.fed_at = 0.0
        """When, by the event loop's clock, the last fragment came."""
        self._time = loop.time
        self._append = footage.append
        self.on_init = footage.begin
        self.on_discontinuity = footage.discontinuity
        self.on_loss = observer.on_loss
        self.on_received = observer.on_received
        self.on_jitter = observer.on_jitter
        self.on_camera_clock = observer.on_camera_clock

    def on_tracks(self) -> None:
        if not self.described.done():
            self.described.set_result(None)

    def on_fragment(self, fragment: Fragment) -> None:
        self.fed_at = self._time()
        self._append(fragment)

    def on_failure(self, error: SourceError) -> None:
        self.failure = error
        if not self.failed.done():
            self.failed.set_result(None)
