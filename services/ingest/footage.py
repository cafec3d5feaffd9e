"""Where one camera's fragments go: live ring and spool; and what its observer is told of it."""

import asyncio
from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

from services.ingest.media.live import LiveFeed
from services.ingest.media.live_item import Spooled
from services.ingest.media.ring import Ring
from services.ingest.media_meter import MediaMeter
from services.ingest.observer import CameraObserver, GapCause
from services.ingest.recorded import HOLE_MS, Recorded
from services.ingest.recording.recorder import Recorder
from snowlight.clock import Clock
from snowlight.media.fragment import Fragment, InitSection
from snowlight.schedule import Schedule


class Footage:
    """Across all connections of one session."""

    def __init__(
        self,
        clock: Clock,
        recorder: Recorder,
        ring: Ring,
        observer: CameraObserver,
        schedule: Schedule,
        time_zone: ZoneInfo,
        media_interval: float,
        ahead: Iterable[tuple[int, int]] = (),
        may_record: Callable[[], bool] = lambda: True,
    ) -> None:
        """`ahead`: as `Recorded` takes it. `may_record`: no other worker can have the camera yet."""
        self._clock = clock
        self._recorder = recorder
        self._live = LiveFeed(ring)
        self._observer = observer
        self._schedule = schedule
        self._time_zone = time_zone
        self._meter = MediaMeter(observer.on_media, media_interval)
        self._may_record = may_record
        self._init: InitSection | None = None
        self._scheduled = True
        self._gap: GapCause | None = None
        self._recorded = Recorded(ahead)
        self._ending: asyncio.Event | None = None
        self._came_until_ms: int | None = clock.now_ms()  # on this connection; None while nothing has come
        self.recorded_until_ms: int | None = None
        """Where the footage ends so far; None before the first fragment."""
        self.online_since: float | None = None
        """When, on the monotonic clock, pictures began to come; None while there are none."""

    def begin(self, init: InitSection, frames_per_second: float) -> None:
        """A mux session begins."""
        self._init = init
        self._meter.begin(init, frames_per_second)
        self._live.begin(init)
        self._observer.on_session(init.discontinuity_sequence)

    def append(self, fragment: Fragment) -> None:
        """The next fragment of the mux session."""
        if not self._may_record():
            self._recorder.close()
            return
        if self._ending is not None and (fragment.independent or self._ending.is_set()):
            self.close()
            return
        if self.online_since is None:
            self.online_since = self._clock.monotonic()
            self._observer.on_state("online", "", self._clock.now_ms())
        # first the spool: what a viewer has seen is in it, whatever kills this process
        self._live.append(fragment, self._record(fragment))
        self._observer.on_fragment(fragment)
        self._came_until_ms = fragment.end_ms
        self._meter.add(fragment)

    def discontinuity(self, reason: str) -> None:
        """A new mux session is about to begin."""
        self._observer.on_discontinuity(reason, self._clock.now_ms())

    def end(self, cause: GapCause) -> None:
        """The connection ended, or never came to be."""
        self.close()
        came_until_ms, self._came_until_ms = self._came_until_ms, None
        self._pause(self._clock.now_ms() if came_until_ms is None else came_until_ms, cause)

    def close(self) -> None:
        """Finish what is open. No gap is told of."""
        self._recorder.close()
        self._live.stop()
        self.online_since = None
        if self._ending is not None:
            self._ending.set()

    async def finish(self) -> None:
        """Take fragments up to the next key frame, and none after it. Returns once it is there, or at once
        while no pictures come."""
        if self._ending is None:
            self._ending = asyncio.Event()
        if self.online_since is None:
            self.close()
        await self._ending.wait()

    def _record(self, fragment: Fragment) -> Spooled | None:
        """Where its bytes are; None where it is not to be recorded, or the spool does not take it."""
        init = self._init
        assert init is not None
        if fragment.independent:
            self._scheduled = self._schedule.is_scheduled(fragment.start_ms, self._time_zone)
        if not self._scheduled:
            self._recorder.close()
            self._pause(fragment.start_ms, "schedule")
            return None
        if self._recorded.is_taken(fragment.start_ms, fragment.end_ms):
            self._recorder.close()
            return None
        if not self._recorder.append(init, fragment):
            if not self._recorder.awaits_key_frame:
                self._pause(fragment.start_ms, self._recorder.refusal)
            return None
        until_ms = self.recorded_until_ms
        if self._gap is None and until_ms is not None and fragment.start_ms - until_ms > HOLE_MS:
            self._pause(until_ms, "network")
        if self._gap is not None or until_ms is None:
            self._gap = None
            self._observer.on_recording(fragment.start_ms)
        self.recorded_until_ms = fragment.end_ms
        self._recorded.add(fragment.start_ms, fragment.end_ms)
        return self._recorder.newest

    def _pause(self, since_ms: int, cause: GapCause) -> None:
        """Nothing is recorded, from `since_ms` on for `cause`. Within a gap, what held before keeps its time.

        The first cause of a gap is often found out late, so it holds from the end of the footage on.
        """
        if self._gap == cause:
            return
        if self._gap is None and self.recorded_until_ms is not None:
            since_ms = self.recorded_until_ms
        self._gap = cause
        self._observer.on_gap_start(since_ms, cause)
