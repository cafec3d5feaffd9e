"""Sessions against a source that replays clips faster than time, on a clock that it moves itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from obstore.store import LocalStore
from prometheus_client import CollectorRegistry

from services.ingest.camera import CameraSpec
from services.ingest.media.ring import Ring
from services.ingest.observer import MediaInfo
from services.ingest.pace import Pace
from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.spool import Spool, SpoolSettings
from services.ingest.recording.uploader import Uploader, UploadSettings
from services.ingest.recording.uploads import Uploads
from services.ingest.session import CameraSession, SessionParts, SessionSettings
from services.ingest.sources.source import AccessUnitSink, Source
from snowlight.api.storage.v1 import storage_pb2
from snowlight.media.fragment import Fragment
from tests.unit.media.feed import HandClock
from tests.unit.media.samples import FPS, TICKS, Clip, Sound

SHANGHAI = ZoneInfo("Asia/Shanghai")
UID = "camera-1"


class Replay:
    """Plays a clip over and over for `seconds`; then fails with `error`, or stays connected."""

    def __init__(
        self,
        clock: HandClock,
        clip: Clip,
        seconds: float,
        *,
        sound: Sound | None = None,
        error: Exception | None = None,
        each_second: Callable[[int], Awaitable[None]] | None = None,
    ) -> None:
        self._clock = clock
        self._clip = clip
        self._frames = round(seconds * FPS)
        self._sound = sound
        self._error = error
        self._each_second = each_second

    async def run(self, sink: AccessUnitSink) -> None:
        units = self._clip.units
        sink.on_tracks(self._clip.video, self._sound.track if self._sound else None)
        sounds = iter(self._sound.packets if self._sound else ())
        sound = next(sounds, None)
        begin_ms = self._clock.ms
        for i in range(self._frames):
            self._clock.ms = begin_ms + i * 40
            while sound and self._sound and sound[1] * 1000 / self._sound.track.clock_rate <= i * 40:
                sink.on_audio(*sound)
                sound = next(sounds, None)
            unit = units[i % len(units)]
            turn = i // len(units) * len(units) * TICKS
            sink.on_video(unit.data, unit.pts + turn, unit.key)
            if i % FPS == 0:
                await asyncio.sleep(0)
                if self._each_second is not None:
                    await self._each_second(i // FPS)
        self._clock.ms = begin_ms + self._frames * 40
        if self._error is not None:
            raise self._error
        await asyncio.Event().wait()


@dataclass
class Told:
    """CameraObserver that keeps everything."""

    states: list[tuple[str, str]] = field(default_factory=list)
    gaps: list[tuple[str, int, str]] = field(default_factory=list)
    media: list[MediaInfo] = field(default_factory=list)
    discontinuities: list[str] = field(default_factory=list)
    lost: int = 0
    clock_offset_ms: int | None = None

    def on_state(self, state: str, reason: str, time_ms: int) -> None:
        self.states.append((state, reason))

    def on_session(self, discontinuity_sequence: int) -> None: ...

    def on_media(self, media: MediaInfo) -> None:
        self.media.append(media)

    def on_recording(self, start_ms: int) -> None:
        self.gaps.append(("end", start_ms, ""))

    def on_gap_start(self, start_ms: int, cause: str) -> None:
        self.gaps.append(("start", start_ms, cause))

    def on_discontinuity(self, reason: str, time_ms: int) -> None:
        self.discontinuities.append(reason)

    def on_loss(self, packets: int) -> None:
        self.lost += packets

    def on_received(self, packets: int) -> None: ...

    def on_jitter(self, jitter_ms: float) -> None: ...

    def on_fragment(self, fragment: Fragment) -> None: ...

    def on_camera_clock(self, offset_ms: int) -> None:
        self.clock_offset_ms = offset_ms


class Ledger:
    """Stands where storage's CommitSegments is called; refuses as often as it is told to."""

    def __init__(self) -> None:
        self.segments: dict[str, storage_pb2.Segment] = {}
        self.failures: list[Exception] = []

    async def commit(self, segments: list[storage_pb2.Segment]) -> list[storage_pb2.CommitResult]:
        if self.failures:
            raise self.failures.pop(0)
        results = []
        for segment in segments:
            known = segment.key in self.segments
            self.segments[segment.key] = segment
            outcome = storage_pb2.CommitResult.DUPLICATE if known else storage_pb2.CommitResult.COMMITTED
            results.append(storage_pb2.CommitResult(key=segment.key, outcome=outcome))
        return results

    def sorted(self) -> list[storage_pb2.Segment]:
        return sorted(self.segments.values(), key=lambda segment: segment.start_ms)


class Worker:
    """Spool, store and uploader in one folder, as one ingest process has them."""

    def __init__(
        self, folder: Path, clock: HandClock, *, key_frame_timeout: float = 15, retry_longest: float = 0.05
    ) -> None:
        self.clock = clock
        self.told = Told()
        self.ledger = Ledger()
        self.ring = Ring()
        self.store_out = False
        self.footage = folder / "footage"
        self.footage.mkdir(parents=True, exist_ok=True)
        self.store = LocalStore(self.footage)
        folder.mkdir(exist_ok=True)
        settings = SpoolSettings(sync_interval_s=0.05)
        metrics = RecordingMetrics(CollectorRegistry())
        self.spool = Spool(folder / "spool", clock, settings, metrics)
        self.parts = SessionParts.create(
            clock,
            self.spool,
            lambda uid: self.store_out,
            SHANGHAI,
            lambda: 0,
            Pace(1000, 1000),
            SessionSettings(key_frame_timeout, 0.01, retry_longest),
        )

    def session(
        self,
        sources: Sequence[Source],
        *,
        epoch: int = 1,
        schedule: str = "",
        ahead: Sequence[tuple[int, int]] = (),
    ) -> CameraSession:
        """Each connection takes the next source; the last one stays."""
        remaining = list(sources)

        def open_source(camera: CameraSpec) -> Source:
            return remaining.pop(0) if len(remaining) > 1 else remaining[0]

        return CameraSession(
            CameraSpec(UID, "cameras/one", "rtsp://192.0.2.1/", schedule=schedule),
            epoch=epoch,
            open_source=open_source,
            parts=self.parts,
            ring=self.ring,
            observer=self.told,
            ahead=ahead,
        )

    @asynccontextmanager
    async def uploading(self) -> AsyncIterator[None]:
        uploader = Uploader(
            self.spool,
            self.store,
            "default",
            self.ledger.commit,
            self.clock,
            UploadSettings(retry_first_s=0.01, retry_longest_s=0.05),
            Random(1),
            self.prepare,
        )
        uploads = Uploads(self.spool, {"default": uploader}, lambda uid: "default")
        async with self.spool.running():
            task = asyncio.create_task(uploads.run())
            try:
                yield
            finally:
                task.cancel()
                await asyncio.wait([task])

    async def prepare(self) -> None:
        """A folder is ready as it is."""

    def object(self, segment: storage_pb2.Segment) -> bytes:
        return (self.footage / segment.key).read_bytes()


@asynccontextmanager
async def running(session: CameraSession) -> AsyncIterator[None]:
    """The session runs inside, and is cancelled at the end."""
    task = asyncio.create_task(session.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(condition: Callable[[], object]) -> None:
    """Wait until `condition` holds; at most 20 s."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  the condition is the product's, not ours to signal
            await asyncio.sleep(0.005)
