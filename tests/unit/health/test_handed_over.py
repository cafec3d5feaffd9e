"""A camera that changes hands is measured by the worker that records it, and nothing of its hours is lost."""

from prometheus_client import CollectorRegistry

from services.ingest.health.meter import TURNS
from services.ingest.health.stream_health import StreamHealth
from services.ingest.observer import CameraObserver
from services.ingest.status.board import StatusBoard
from services.ingest.status.change import StateChange
from services.ingest.status.gaps import GapLedger
from services.ingest.status.metrics import StatusMetrics
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.media.fragment import Fragment
from tests.unit.media.feed import HandClock

UID, NAME = "camera-1", "cameras/one"
T = 1_790_006_400_000
SECOND = Fragment(0, 0, T, 1000, True, False, (bytes(250_000),), 25)


class Worker:
    """What one worker has of the camera."""

    def __init__(self) -> None:
        self.clock = HandClock(T)
        self.board = StatusBoard(self.clock, GapLedger(), StatusMetrics(CollectorRegistry()))

    def hear_of_it(self) -> None:
        """Another worker records it."""
        online = StateChange(UID, self.clock.now_ms(), camera_pb2.ONLINE, "")
        self.board.mirror(online, NAME)

    def begin(self) -> CameraObserver:
        observer = self.board.session(UID, NAME)
        observer.on_state("connecting", "", self.clock.now_ms())
        observer.on_state("online", "", self.clock.now_ms())
        return observer

    def record(self, observer: CameraObserver, seconds: int) -> None:
        for _ in range(seconds):
            observer.on_fragment(SECOND)
        self.clock.ms += seconds * 1000

    def measured(self) -> list[StreamHealth]:
        """The minute of each camera that is measured here."""
        return [
            each.health
            for turn in range(TURNS)
            for each in self.board.health.measure(turn, self.clock.now_ms())
        ]

    def kept_ms(self) -> int:
        """How much of the camera's pictures is in rows."""
        return sum(row.media_ms for row in self.board.health.take(1000))


def test_the_new_worker_measures_a_camera_of_which_the_old_one_told() -> None:
    worker = Worker()
    worker.hear_of_it()
    worker.board.leave(UID)  # it stands by for it
    assert worker.measured() == []
    worker.record(worker.begin(), 60)
    assert worker.board.health.now(UID, worker.clock.now_ms()) is not None
    assert [health.bits_per_second for health in worker.measured()] == [2_000_000]


def test_a_worker_that_has_the_camera_again_measures_it_again() -> None:
    worker = Worker()
    worker.record(worker.begin(), 60)
    worker.board.leave(UID)
    worker.hear_of_it()
    assert worker.measured() == []
    worker.record(worker.begin(), 60)
    (health,) = worker.measured()
    assert (health.bits_per_second, health.reconnects) == (2_000_000, 0)


def test_what_came_before_it_changed_hands_is_kept() -> None:
    worker = Worker()
    observer = worker.begin()
    worker.record(observer, 60)
    worker.measured()
    worker.record(observer, 20)
    worker.board.leave(UID)
    worker.board.leave(UID)  # something about another worker's camera has changed
    assert worker.kept_ms() == 80_000
