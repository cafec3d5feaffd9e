"""Each camera's minute is measured from what came in it, told when it is news, and kept by the hour."""

import pytest

from services.ingest.health.counts import StreamCounts
from services.ingest.health.meter import HOUR_MS, LOOKS_PER_ROW, TURNS, HealthMeter, Measured
from snowlight.media.fragment import Fragment

T = 1_790_006_400_000
MINUTE_MS = 60_000


class Camera:
    """A camera of 25 pictures a second and a key frame every two, whose time a test lets pass."""

    def __init__(self, meter: HealthMeter, uid: str = "a") -> None:
        self.meter = meter
        self.uid = uid
        self.counts = meter.counts(uid)
        self.now_ms = T
        self.counts.come(is_coming=True)

    def minute(self, *, bytes_per_second: int = 250_000, lost: int = 0, fps: int = 25) -> Measured | None:
        """A minute goes by, and the meter looks."""
        for half in range(120):
            start_ms = self.now_ms + half * 500
            self.counts.add(
                Fragment(
                    0,
                    0,
                    start_ms,
                    500,
                    half % 4 == 0,
                    False,
                    (bytes(bytes_per_second // 2),),
                    fps // 2 + half % 2,
                )
            )
        self.counts.received += 12_000 - lost
        self.counts.lost += lost
        return self.pass_minute()

    def pass_minute(self) -> Measured | None:
        self.now_ms += MINUTE_MS
        found = [one for turn in range(TURNS) for one in self.meter.measure(turn, self.now_ms)]
        return next((one for one in found if one.uid == self.uid), None)


def test_a_minute_is_measured() -> None:
    camera = Camera(HealthMeter())
    camera.counts.jitter_ms, camera.counts.clock_offset_ms = 12.5, -1500
    measured = camera.minute(lost=120)
    assert measured is not None
    health = measured.health
    assert health.bits_per_second == 2_000_000
    assert health.frames_per_second == 25
    assert (health.gop_ms, health.gop_pictures) == (2000, 50)
    assert health.loss == pytest.approx(0.01)
    assert (health.jitter_ms, health.clock_offset_ms) == (12.5, -1500)
    assert health.last_key_ms == T + 58_000
    assert health.reconnects == 0


def test_a_source_without_packets_has_no_loss() -> None:
    camera = Camera(HealthMeter())
    camera.counts.received = -12_000  # none of those that `minute` adds
    measured = camera.minute()
    assert measured is not None
    assert measured.health.loss is None


def test_only_what_is_materially_other_is_news() -> None:
    camera = Camera(HealthMeter())

    def is_news(**minute: int) -> bool:
        measured = camera.minute(**minute)
        assert measured is not None
        return measured.is_news

    assert is_news()
    assert not is_news()
    assert not is_news(bytes_per_second=220_000)
    assert is_news(bytes_per_second=100_000)
    assert is_news()
    assert is_news(lost=600)
    assert not is_news(lost=700)
    assert is_news()
    assert is_news(fps=12)
    assert is_news()
    camera.counts.jitter_ms = 300
    assert is_news()
    camera.counts.clock_offset_ms = 5000
    assert is_news()
    camera.counts.clock_offset_ms = 5500
    assert not is_news()


def test_nothing_is_told_of_a_camera_that_sends_nothing() -> None:
    camera = Camera(HealthMeter())
    assert camera.minute() is not None
    assert camera.meter.now("a", camera.now_ms) is not None
    assert camera.pass_minute() is None
    assert camera.meter.now("a", camera.now_ms) is None
    assert camera.meter.now("unknown", camera.now_ms) is None


def test_a_camera_that_went_away_is_told_no_more_though_its_minute_counts() -> None:
    camera = Camera(HealthMeter())
    camera.minute()
    camera.counts.come(is_coming=False)
    assert camera.meter.now("a", camera.now_ms) is None
    assert camera.minute() is None
    assert sum(part.media_ms for part in camera.meter.unwritten("a")) == 2 * MINUTE_MS


def test_in_its_first_minute_a_camera_is_told_by_what_came_so_far() -> None:
    camera = Camera(HealthMeter())
    camera.counts.add(Fragment(0, 0, T, 500, True, False, (bytes(125_000),), 12))
    health = camera.meter.now("a", T + 2000)
    assert health is not None
    assert (health.time_ms, health.bits_per_second, health.loss) == (T + 2000, 2_000_000, None)


def test_reconnects_are_counted_and_no_group_of_pictures_reaches_over_one() -> None:
    camera = Camera(HealthMeter())
    camera.minute()
    camera.counts.come(is_coming=False)
    camera.counts.begin()
    camera.counts.come(is_coming=True)
    camera.now_ms += 10 * MINUTE_MS
    measured = camera.minute()
    assert measured is not None
    assert (measured.health.reconnects, measured.health.gop_ms) == (1, 2000)


def test_rows_add_up_to_all_that_came_hour_by_hour() -> None:
    meter = HealthMeter()
    camera = Camera(meter)
    for number in range(90):
        camera.minute(lost=number)
    assert len(meter.take(1000)) >= 90 // LOOKS_PER_ROW - 1
    camera.counts.received += 7
    meter.finish(camera.now_ms)
    rows = meter.take(1000)
    assert sum(row.media_ms for row in rows) == 90 * MINUTE_MS
    assert sum(row.lost for row in rows) == sum(range(90))
    assert {row.hour_ms for row in rows} == {T, T + HOUR_MS}
    assert sum(row.pictures for row in rows if row.hour_ms == T) == 59 * 60 * 25
    meter.wrote(rows)
    assert meter.take(1000) == []


def test_what_is_not_written_is_told_besides() -> None:
    meter = HealthMeter()
    camera, other = Camera(meter), Camera(meter, "b")
    for _ in range(LOOKS_PER_ROW + 2):
        camera.minute()
    other.minute()
    assert sum(part.media_ms for part in meter.unwritten("a")) == (LOOKS_PER_ROW + 2) * MINUTE_MS
    meter.wrote(meter.take(1000))
    assert sum(part.media_ms for part in meter.unwritten("a")) < (LOOKS_PER_ROW + 2) * MINUTE_MS


def test_each_camera_is_looked_at_once_in_sixty_turns() -> None:
    meter = HealthMeter()
    cameras = [Camera(meter, f"camera-{number}") for number in range(150)]
    for camera in cameras:
        camera.counts.add(Fragment(0, 0, T, 500, True, False, (b"x",), 12))
    looked = [[one.uid for one in meter.measure(turn, T + turn * 1000)] for turn in range(TURNS)]
    assert sorted(uid for each in looked for uid in each) == sorted(camera.uid for camera in cameras)
    assert max(map(len, looked)) == 3
    meter.remove("camera-0")
    assert "camera-0" not in [one.uid for turn in range(TURNS) for one in meter.measure(turn, T)]


def test_counts_of_a_first_key_frame_are_no_group() -> None:
    counts = StreamCounts()
    counts.add(Fragment(0, 0, T, 500, True, False, (b"x",), 12))
    assert (counts.gop_ms, counts.gop_pictures, counts.last_key_ms) == (0, 0, T)
