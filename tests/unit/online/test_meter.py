"""What counts as online time, hour by hour."""

from services.ingest.online.meter import HOUR_MS, CameraHour, OnlineMeter, Phase
from snowlight.api.ingest.v1 import camera_pb2

CONNECTING, ONLINE = camera_pb2.CONNECTING, camera_pb2.ONLINE
OFFLINE, DISABLED = camera_pb2.OFFLINE, camera_pb2.DISABLED
T = 1_700_000_000_000 // HOUR_MS * HOUR_MS
MINUTE_MS = 60_000


def written(meter: OnlineMeter, now_ms: int, most: int = 1000) -> dict[int, tuple[int, int]]:
    """Enabled and online minutes of camera "a" by hour, as a database has them in the end."""
    found: dict[int, tuple[int, int]] = {}
    while rows := meter.take(now_ms, most):
        meter.wrote(rows)
        for row in (row for row in rows if row.camera_uid == "a"):
            found[(row.hour_ms - T) // HOUR_MS] = (row.enabled_ms // MINUTE_MS, row.online_ms // MINUTE_MS)
    return found


def test_only_online_is_online_and_only_disabled_is_not_enabled() -> None:
    meter = OnlineMeter()
    for minute, state in enumerate((CONNECTING, ONLINE, OFFLINE, CONNECTING, DISABLED)):
        meter.change("a", state, T + 10 * minute * MINUTE_MS)
    assert meter.current("a", T + 55 * MINUTE_MS) == (40 * MINUTE_MS, 10 * MINUTE_MS)


def test_a_camera_that_stays_online_has_whole_hours_and_one_that_is_disabled_has_none() -> None:
    meter = OnlineMeter()
    meter.change("a", ONLINE, T + 30 * MINUTE_MS)
    assert written(meter, T + 3 * HOUR_MS + MINUTE_MS) == {0: (30, 30), 1: (60, 60), 2: (60, 60)}
    meter.change("a", DISABLED, T + 3 * HOUR_MS + 15 * MINUTE_MS)
    assert written(meter, T + 9 * HOUR_MS) == {3: (15, 15)}


def test_rows_are_handed_out_in_batches_until_they_are_written_and_only_when_something_changed() -> None:
    meter = OnlineMeter()
    for number in range(25):
        meter.change(f"c{number}", ONLINE, T)
    first = meter.take(T + MINUTE_MS, 10)
    assert len(first) == 10
    assert meter.take(T + MINUTE_MS, 10) == first  # the database was away
    meter.wrote(first)
    rest = []
    while rows := meter.take(T + MINUTE_MS, 10):
        meter.wrote(rows)
        rest += rows
    assert len({row.camera_uid for row in [*first, *rest]}) == len([*first, *rest]) == 25
    assert meter.take(T + 59 * MINUTE_MS, 10) == []


def test_an_outage_of_ingest_counts_as_offline_of_enabled_cameras() -> None:
    meter = OnlineMeter()
    rows = [
        CameraHour("a", T, 20 * MINUTE_MS, 20 * MINUTE_MS, T + 20 * MINUTE_MS, Phase.ONLINE),
        CameraHour("off", T, 20 * MINUTE_MS, 20 * MINUTE_MS, T + 20 * MINUTE_MS, Phase.DISABLED),
    ]
    meter.restore(rows, T + 30 * MINUTE_MS, T - HOUR_MS)
    meter.change("a", ONLINE, T + 90 * MINUTE_MS)
    assert meter.current("a", T + 100 * MINUTE_MS) == (40 * MINUTE_MS, 10 * MINUTE_MS)
    assert written(meter, T + 100 * MINUTE_MS)[0] == (60, 30)
    assert meter.current("off", T + 100 * MINUTE_MS) == (0, 0)


def test_of_a_very_long_outage_no_more_counts_than_is_kept() -> None:
    meter = OnlineMeter()
    row = CameraHour("a", T, HOUR_MS, HOUR_MS, T + HOUR_MS, Phase.ONLINE)
    meter.restore([row], T + HOUR_MS, T + 900 * HOUR_MS)
    assert set(written(meter, T + 903 * HOUR_MS, most=2)) == {0, 900, 901, 902}


def test_a_clock_that_goes_back_counts_nothing_twice() -> None:
    meter = OnlineMeter()
    meter.change("a", ONLINE, T + 40 * MINUTE_MS)
    meter.change("a", OFFLINE, T + 30 * MINUTE_MS)
    meter.change("a", ONLINE, T + 35 * MINUTE_MS)
    assert meter.current("a", T + 50 * MINUTE_MS) == (10 * MINUTE_MS, 10 * MINUTE_MS)


def test_a_clock_that_began_in_1970_makes_no_hours_up_to_now() -> None:
    meter = OnlineMeter()
    meter.change("a", ONLINE, 5 * MINUTE_MS)
    assert meter.take(10 * MINUTE_MS, 10)
    meter.change("a", OFFLINE, T + 10 * MINUTE_MS)
    rows = meter.take(T + 20 * MINUTE_MS, 10_000)
    assert len(rows) <= 3
    assert meter.current("a", T + 20 * MINUTE_MS) == (10 * MINUTE_MS, 0)
