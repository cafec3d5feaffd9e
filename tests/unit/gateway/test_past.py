"""What is left of a camera's status for whom only parts of its past are told."""

from services.gateway.cameras.past import keep_told
from services.gateway.http.proto_json import to_json
from snowlight.api.ingest.v1 import camera_pb2

NOW_MS = 100_000


def status(*gaps: tuple[int, int | None], changes: tuple[int, ...] = ()) -> camera_pb2.CameraStatus:
    made = camera_pb2.CameraStatus(state=camera_pb2.ONLINE, state_reason="", packets_lost=7)
    made.state_time.FromMilliseconds(changes[0] if changes else 0)
    for start_ms, end_ms in gaps:
        gap = made.gaps.add(cause="network")
        gap.start.FromMilliseconds(start_ms)
        if end_ms is not None:
            gap.end.FromMilliseconds(end_ms)
    for time_ms in changes:
        made.changes.add(state=camera_pb2.ONLINE).time.FromMilliseconds(time_ms)
    return made


def gaps_of(told: camera_pb2.CameraStatus) -> list[tuple[int, int | None]]:
    return [
        (gap.start.ToMilliseconds(), gap.end.ToMilliseconds() if gap.HasField("end") else None)
        for gap in told.gaps
    ]


def test_gaps_are_cut_to_the_parts_newest_first() -> None:
    told = status((70_000, 90_000), (10_000, 60_000), (1000, 2000))
    keep_told(told, [(20_000, 30_000), (50_000, 75_000)], until_ms=NOW_MS)
    assert gaps_of(told) == [(70_000, 75_000), (50_000, 60_000), (20_000, 30_000)]
    assert {gap.cause for gap in told.gaps} == {"network"}


def test_a_gap_goes_on_where_the_part_does() -> None:
    on = status((50_000, None))
    keep_told(on, [(60_000, NOW_MS)], until_ms=NOW_MS)
    assert gaps_of(on) == [(60_000, None)]
    over = status((50_000, None))
    keep_told(over, [(60_000, NOW_MS - 1)], until_ms=NOW_MS)
    assert gaps_of(over) == [(60_000, NOW_MS - 1)]


def test_changes_are_told_of_the_parts_and_the_state_always() -> None:
    told = status(changes=(80_000, 50_000, 49_999, 20_000))
    keep_told(told, [(50_000, 80_000)], until_ms=NOW_MS)
    assert [change.time.ToMilliseconds() for change in told.changes] == [50_000]
    assert (told.state, told.packets_lost) == (camera_pb2.ONLINE, 7)
    assert "state_time" not in to_json(told)


def test_all_of_the_past_leaves_all() -> None:
    whole = status((50_000, None), (1000, 2000), changes=(80_000, 20_000))
    told = status((50_000, None), (1000, 2000), changes=(80_000, 20_000))
    keep_told(told, [(0, NOW_MS)], until_ms=NOW_MS)
    assert told == whole
