"""Each part of a gap has the cause that held then, whatever came before and after it."""

from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry

from services.ingest.footage import Footage
from services.ingest.media.ring import Ring
from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.recorder import Recorder
from services.ingest.recording.spool import Spool, SpoolSettings
from services.ingest.status.board import StatusBoard
from services.ingest.status.gaps import Gap, GapLedger
from services.ingest.status.metrics import StatusMetrics
from snowlight.schedule import Schedule
from tests.unit.media.feed import Feed, HandClock, MuxSession
from tests.unit.media.samples import clip

UID = "camera-1"
MIDNIGHT_MS = 1_790_006_400_000
"""Of a Tuesday in Shanghai."""
HOUR_MS = 3_600_000


def at(hour: float, day: int = 0) -> int:
    """Wall time in Shanghai, ms since 1970 UTC."""
    return MIDNIGHT_MS + round((24 * day + hour) * HOUR_MS)


@cache
def made() -> MuxSession:
    """4 s with a key frame every 2 s."""
    feed = Feed()
    feed.stream.on_tracks(clip(gop=50).video, None)
    feed.play(clip(gop=50))
    feed.stream.finish()
    return feed.session


class Camera:
    """One session's footage, on the board that keeps its gaps."""

    def __init__(self, folder: Path, began_ms: int, schedule: str = "") -> None:
        self.clock = HandClock(began_ms)
        self.store_out = False
        self.registry = CollectorRegistry()
        self.spool = Spool(folder, self.clock, SpoolSettings(), RecordingMetrics(self.registry))
        self.board = StatusBoard(self.clock, GapLedger(), StatusMetrics(self.registry))
        self.footage = Footage(
            self.clock,
            Recorder(self.spool, UID, 1, 3, lambda _uid: self.store_out),
            Ring(),
            self.board.session(UID, "cameras/one"),
            Schedule.parse(schedule),
            ZoneInfo("Asia/Shanghai"),
            30,
        )

    def play(self, start_ms: int, *, begin: bool = True) -> int:
        """4 s of pictures from `start_ms` on, on a connection that begins then. Returns where they end."""
        if begin:
            self.footage.begin(made().init, 25)
        shift_ms = start_ms - made().fragments[0].start_ms
        for fragment in made().fragments:
            moved = replace(fragment, start_ms=fragment.start_ms + shift_ms)
            self.clock.ms = moved.end_ms
            self.footage.append(moved)
        return moved.end_ms

    def gaps(self) -> list[Gap]:
        """What the database is given, the last state of each row."""
        return self.board.gaps.take()


def test_a_spool_that_is_full_when_the_camera_comes_back_does_not_explain_the_time_before(
    tmp_path: Path,
) -> None:
    camera = Camera(tmp_path, at(9))
    camera.play(at(9))
    off_ms = camera.play(at(10), begin=False)
    camera.gaps()
    camera.clock.ms = off_ms + 15_000  # noticed by a timeout
    camera.footage.end("camera_offline")
    for hour in range(11, 20):
        camera.clock.ms = at(hour)
        camera.footage.end("camera_offline")
    camera.spool.level, camera.store_out = 1.0, True
    camera.play(at(20))
    camera.spool.level = 0.0
    camera.play(at(20.5))
    assert camera.gaps() == [
        Gap(UID, off_ms, at(20), "camera_offline"),
        Gap(UID, at(20), at(20.5), "store_outage"),
    ]


def test_what_was_missed_before_the_hours_ended_is_not_outside_of_them(tmp_path: Path) -> None:
    camera = Camera(tmp_path, at(9), "mon-sun 08:00-18:00")
    off_ms = camera.play(at(14))
    camera.footage.end("camera_offline")
    camera.play(at(19))
    assert camera.gaps() == [
        Gap(UID, off_ms, at(19), "camera_offline"),
        Gap(UID, at(19), None, "schedule"),
    ]


def test_a_camera_that_goes_away_outside_its_hours_is_not_off_its_schedule_for_ever(tmp_path: Path) -> None:
    camera = Camera(tmp_path, at(17), "mon-sun 08:00-18:00")
    last_ms = camera.play(at(17.5))
    camera.play(at(18), begin=False)
    away_ms = camera.play(at(20), begin=False)
    camera.clock.ms = away_ms + 15_000
    camera.footage.end("camera_offline")
    camera.clock.ms = at(7, day=1)
    camera.footage.end("camera_offline")
    camera.play(at(10, day=1))
    assert camera.gaps() == [
        Gap(UID, last_ms, away_ms, "schedule"),
        Gap(UID, away_ms, at(10, day=1), "camera_offline"),
    ]


def test_an_end_is_dated_from_the_last_picture_where_those_were_not_recorded(tmp_path: Path) -> None:
    camera = Camera(tmp_path, at(9))
    full_ms = camera.play(at(9))
    camera.spool.level = 1.0
    away_ms = camera.play(full_ms, begin=False)
    camera.clock.ms = away_ms + 15_000
    camera.footage.end("camera_offline")
    camera.clock.ms = at(11)
    camera.footage.end("auth_failed")
    assert camera.gaps() == [
        Gap(UID, full_ms, away_ms, "spool_full"),
        Gap(UID, away_ms, at(11), "camera_offline"),
        Gap(UID, at(11), None, "auth_failed"),
    ]


def test_the_first_cause_holds_from_the_end_of_the_footage(tmp_path: Path) -> None:
    camera = Camera(tmp_path, at(9))
    off_ms = camera.play(at(9))
    camera.clock.ms = off_ms + 60_000
    camera.footage.end("network")
    assert camera.gaps() == [Gap(UID, off_ms, None, "network")]


def test_a_session_that_never_saw_a_picture_explains_the_time_from_its_beginning(tmp_path: Path) -> None:
    camera = Camera(tmp_path, at(9))
    camera.board.gaps.start(UID, at(8), "ingest_restart")
    camera.clock.ms = at(9) + 15_000
    camera.footage.end("camera_offline")
    assert camera.gaps() == [
        Gap(UID, at(8), at(9), "ingest_restart"),
        Gap(UID, at(9), None, "camera_offline"),
    ]


def test_causes_that_alternate_within_seconds_leave_no_time_unexplained(tmp_path: Path) -> None:
    camera = Camera(tmp_path, at(9))
    off_ms = camera.play(at(9))
    camera.footage.end("camera_offline")
    camera.clock.ms = off_ms + 900
    camera.footage.end("auth_failed")
    camera.play(off_ms + 1800)
    assert camera.gaps() == [Gap(UID, off_ms, off_ms + 1800, "auth_failed")]


def test_waiting_for_a_key_frame_is_no_lack_of_room(tmp_path: Path) -> None:
    """After a step back of the clock, what comes is footage only where there is none yet: in mid-GOP."""
    camera = Camera(tmp_path, at(9))
    end_ms = camera.play(at(9))
    camera.play(camera.play(end_ms - 2500), begin=False)
    assert camera.gaps() == [Gap(UID, end_ms, end_ms + 1500, "network")]
    before, after = camera.spool.list_spool(UID, at(9), at(10))
    assert (before.end_ms, after.start_ms) == (end_ms, end_ms + 1500)


def test_a_camera_that_is_not_recorded_now_is_counted_by_its_cause(tmp_path: Path) -> None:
    camera = Camera(tmp_path, at(9))
    camera.play(at(9))
    camera.footage.end("camera_offline")
    counted = partial(camera.registry.get_sample_value, "snowlight_ingest_open_gaps")
    assert counted({"cause": "camera_offline"}) == 1
    assert counted({"cause": "spool_full"}) == 0
    camera.play(at(10))
    assert counted({"cause": "camera_offline"}) == 0
