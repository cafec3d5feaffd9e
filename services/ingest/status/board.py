"""The state of every camera of this process, in memory."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog

from services.ingest.health.counts import StreamCounts
from services.ingest.health.meter import HealthMeter
from services.ingest.health.stream_health import StreamHealth
from services.ingest.observer import GapCause, MediaInfo, SessionState
from services.ingest.online.meter import OnlineMeter
from services.ingest.status.change import HealthChange, State, StateChange
from services.ingest.status.gaps import GapLedger
from services.ingest.status.journal import StateJournal
from services.ingest.status.metrics import StatusMetrics
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.clock import Clock
from snowlight.media.fragment import Fragment

log = structlog.get_logger(__name__)

CHANGES_KEPT = 50
"""State changes kept of each camera."""

_STATES: dict[SessionState, State] = {
    "connecting": camera_pb2.CONNECTING,
    "online": camera_pb2.ONLINE,
    "offline": camera_pb2.OFFLINE,
}


@dataclass(slots=True)
class CameraStatus:
    """What one camera is doing now."""

    uid: str
    name: str
    stream: StreamCounts = field(default_factory=StreamCounts)
    """The meter's from the first session on: nothing comes here of another worker's camera."""
    state: State = camera_pb2.CAMERA_STATE_UNSPECIFIED
    reason: str = ""
    time_ms: int = 0
    media: MediaInfo | None = None
    packets_lost: int = 0
    """Since the session began."""
    foreign: bool = False
    """Another worker has the camera; its state is as that one told."""


class StatusBoard:
    """States and gaps of all cameras. Nothing here waits; `StatusWriter` takes it to the database."""

    def __init__(self, clock: Clock, gaps: GapLedger, metrics: StatusMetrics) -> None:
        self._clock = clock
        self.gaps = gaps
        self.metrics = metrics
        self.journal = StateJournal()
        self.online = OnlineMeter()
        self.health = HealthMeter()
        self._cameras: dict[str, CameraStatus] = {}
        self._pending: dict[str, deque[StateChange]] = {}
        self._discontinuities: dict[str, int] = {}
        metrics.count_states(self._count)
        metrics.count_gaps(gaps.count)

    def _count(self, state: int) -> int:
        return sum(camera.state == state and not camera.foreign for camera in self._cameras.values())

    def get(self, uid: str) -> CameraStatus | None:
        return self._cameras.get(uid)

    def all(self) -> list[CameraStatus]:
        """What each camera is doing now."""
        return list(self._cameras.values())

    def register(self, uid: str, created_ms: int) -> None:
        """A camera had no picture yet: nothing is recorded since its creation, whatever comes of it."""
        if self.gaps.open_gap(uid) is None:
            self.gaps.start(uid, created_ms, "camera_offline")

    def session(self, uid: str, name: str) -> "SessionObserver":
        """The observer of a session that begins now."""
        camera = self._camera(uid, name)
        camera.foreign, camera.stream = False, self.health.counts(uid)
        gap = self.gaps.open_gap(uid)
        if gap is not None and gap.cause == "disabled":
            self.gaps.start(uid, self._clock.now_ms(), "camera_offline")  # it is enabled, not yet reached
        camera.packets_lost = 0
        camera.stream.clock_offset_ms = None
        return SessionObserver(self, camera)

    def pause(self, uid: str, recorded_until_ms: int | None, cause: str) -> None:
        """A session was ended. `recorded_until_ms`: where its footage ended, None if it had none."""
        if recorded_until_ms is not None and self.gaps.open_gap(uid) is None:
            self.gaps.start(uid, recorded_until_ms, cause)

    def disable(self, uid: str, name: str) -> None:
        """The camera shall not be recorded."""
        now_ms = self._clock.now_ms()
        camera = self._camera(uid, name)
        camera.media, camera.foreign = None, False
        self.change_state(camera, camera_pb2.DISABLED, "", now_ms)
        self.gaps.start(uid, now_ms, "disabled")

    def remove(self, uid: str) -> None:
        """The camera was deleted: its gap is nobody's any more."""
        self.gaps.end(uid, self._clock.now_ms())
        self.online.remove(uid)
        self.health.remove(uid)
        self._cameras.pop(uid, None)
        self._pending.pop(uid, None)
        self._discontinuities.pop(uid, None)

    def leave(self, uid: str) -> None:
        """The camera is another worker's from now on."""
        self.gaps.leave(uid)
        self.online.remove(uid)
        self.health.leave(uid, self._clock.now_ms())
        camera = self._cameras.get(uid)
        if camera is not None:
            camera.foreign, camera.media = True, None
        self._pending.pop(uid, None)
        self._discontinuities.pop(uid, None)

    def mirror(self, change: StateChange, name: str) -> None:
        """Another worker has told what its camera `name` is doing."""
        camera = self._camera(change.uid, name)
        camera.foreign = True
        if change.time_ms > camera.time_ms:
            camera.state, camera.reason, camera.time_ms = change.state, change.reason, change.time_ms
            self.journal.add(change)

    def change_state(self, camera: CameraStatus, state: State, reason: str, time_ms: int) -> None:
        if (state, reason) == (camera.state, camera.reason):
            return
        camera.state, camera.reason = state, reason
        camera.stream.come(is_coming=state == camera_pb2.ONLINE)
        camera.time_ms = max(time_ms, camera.time_ms + 1)
        change = StateChange(camera.uid, camera.time_ms, state, reason)
        self._pending.setdefault(camera.uid, deque(maxlen=CHANGES_KEPT)).append(change)
        self.journal.add(change)
        self.online.change(camera.uid, state, camera.time_ms)

    def change_health(self, uid: str, health: StreamHealth) -> None:
        """A camera's stream comes materially better or worse than before."""
        if uid in self._cameras:
            self.journal.add(HealthChange(uid, health))

    def take(self) -> list[StateChange]:
        """The changes since the last call, for the database."""
        taken = [change for changes in self._pending.values() for change in changes]
        self._pending.clear()
        return taken

    def put_back(self, changes: Iterable[StateChange]) -> None:
        """The database did not take them: hand them out again."""
        for change in reversed(list(changes)):
            waiting = self._pending.setdefault(change.uid, deque(maxlen=CHANGES_KEPT))
            if len(waiting) < CHANGES_KEPT:
                waiting.appendleft(change)

    def count_discontinuity(self, uid: str, sequence: int) -> None:
        """A mux session has this discontinuity sequence number."""
        self._discontinuities[uid] = sequence

    def take_discontinuities(self) -> dict[str, int]:
        """By uid, the numbers counted since the last call, for the database."""
        taken, self._discontinuities = self._discontinuities, {}
        return taken

    def put_back_discontinuities(self, sequences: dict[str, int]) -> None:
        """The database did not take them: hand them out again, unless they were counted on meanwhile."""
        self._discontinuities = sequences | self._discontinuities

    def _camera(self, uid: str, name: str) -> CameraStatus:
        camera = self._cameras.get(uid)
        if camera is None:
            camera = self._cameras[uid] = CameraStatus(uid, name)
        return camera


class SessionObserver:
    """What one session tells, written on the board (`services.ingest.observer.CameraObserver`)."""

    def __init__(self, board: StatusBoard, camera: CameraStatus) -> None:
        self._board = board
        self._camera = camera

    def on_state(self, state: SessionState, reason: str, time_ms: int) -> None:
        if state == "connecting" and self._camera.state == camera_pb2.OFFLINE:
            return  # each retry of a camera that stays away would be a change otherwise
        if state == "offline" and self._camera.state == camera_pb2.ONLINE:
            self._board.metrics.disconnects.inc()
        if state != "online":
            self._camera.media = None
        self._board.change_state(self._camera, _STATES[state], reason, time_ms)

    def on_session(self, discontinuity_sequence: int) -> None:
        self._board.count_discontinuity(self._camera.uid, discontinuity_sequence)
        self._camera.stream.begin()

    def on_media(self, media: MediaInfo) -> None:
        self._camera.media = media

    def on_recording(self, start_ms: int) -> None:
        self._board.gaps.end(self._camera.uid, start_ms)

    def on_gap_start(self, start_ms: int, cause: GapCause) -> None:
        self._board.gaps.start(self._camera.uid, start_ms, cause)

    def on_discontinuity(self, reason: str, time_ms: int) -> None:
        log.info("camera.discontinuity", camera=self._camera.name, reason=reason)
        self._board.metrics.discontinuities.inc()

    def on_loss(self, packets: int) -> None:
        self._camera.packets_lost += packets
        self._camera.stream.lost += packets
        self._board.metrics.packets_lost.inc(packets)

    def on_camera_clock(self, offset_ms: int) -> None:
        self._camera.stream.clock_offset_ms = offset_ms

    def on_received(self, packets: int) -> None:
        self._camera.stream.received += packets

    def on_jitter(self, jitter_ms: float) -> None:
        self._camera.stream.jitter_ms = jitter_ms

    def on_fragment(self, fragment: Fragment) -> None:
        self._camera.stream.add(fragment)
