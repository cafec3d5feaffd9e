"""Spans, gaps and causes of a timeline. Times are seconds in the tables, ms in the code."""

from collections.abc import Sequence

import pytest

from services.storage.cameras.camera import CameraRecord
from services.storage.index.queries import recordable_span
from services.storage.ledger.timeline import build_timeline
from services.storage.segment import LedgerGap
from services.storage.spans import Span

DAY_MS = 86_400_000


def timeline(
    asked: tuple[float, float],
    footage: list[tuple[float, float]],
    ledger: Sequence[tuple[float, float, str]] = (),
    recordable: tuple[float, float] = (0, 10_000),
    away: Sequence[tuple[float, float]] = (),
    deleted_until: float = 0,
) -> tuple[list[tuple[float, float]], list[tuple[float, float, str]]]:
    built = build_timeline(
        span(asked),
        span(recordable),
        [span(each) for each in footage],
        [LedgerGap("cam", int(start * 1000), int(end * 1000), cause) for start, end, cause in ledger],
        [span(each) for each in away],
        int(deleted_until * 1000),
    )
    return (
        [(each.start_ms / 1000, each.end_ms / 1000) for each in built.spans],
        [(each.start_ms / 1000, each.end_ms / 1000, each.cause) for each in built.gaps],
    )


def span(seconds: tuple[float, float]) -> Span:
    return Span(int(seconds[0] * 1000), int(seconds[1] * 1000))


def test_footage_is_clipped_to_the_range() -> None:
    assert timeline((10, 20), [(0, 60)]) == ([(10, 20)], [])


@pytest.mark.parametrize(
    ("footage", "gaps"),
    [
        ([(0, 15), (16, 60)], []),
        ([(0, 15), (16.001, 60)], [(15, 16.001, "unknown")]),
        ([(0, 9.5), (10.4, 60)], []),
        ([(0, 9.5), (10.6, 60)], [(10, 10.6, "unknown")]),
        ([(0, 19.6), (20.5, 60)], []),
        ([(0, 19.4), (20.5, 60)], [(19.4, 20, "unknown")]),
        ([], [(10, 20, "unknown")]),
        ([(0, 5)], [(10, 20, "unknown")]),
    ],
)
def test_a_gap_is_a_hole_of_over_a_second_wherever_the_range_cuts_it(
    footage: list[tuple[float, float]], gaps: list[tuple[float, float, str]]
) -> None:
    assert timeline((10, 20), footage)[1] == gaps


def test_nothing_is_missing_before_the_camera_was_made_or_after_it_was_deleted() -> None:
    assert timeline((0, 100), [(20, 30)], recordable=(15, 40))[1] == [
        (15, 20, "unknown"),
        (30, 40, "unknown"),
    ]
    assert timeline((0, 100), [(20, 30)], recordable=(19.5, 30.5))[1] == []
    assert timeline((50, 100), [(20, 30)], recordable=(15, 40)) == ([], [])


def test_a_hole_is_split_where_its_cause_changes() -> None:
    ledger = [(20, 40, "network"), (40, 50, "auth_failed"), (55, 70, "disabled")]
    assert timeline((0, 100), [(0, 20), (70, 100)], ledger)[1] == [
        (20, 40, "network"),
        (40, 50, "auth_failed"),
        (50, 55, "unknown"),
        (55, 70, "disabled"),
    ]


def test_the_ledger_and_the_footage_may_differ_by_rounding() -> None:
    assert timeline((0, 60), [(0, 20), (40, 60)], [(20.3, 39.2, "network")])[1] == [(20, 40, "network")]


def test_of_causes_that_hold_together_the_later_tells() -> None:
    ledger = [(20, 60, "ingest_restart"), (30, 40, "spool_full")]
    assert timeline((0, 60), [(0, 20)], ledger)[1] == [
        (20, 30, "ingest_restart"),
        (30, 40, "spool_full"),
        (40, 60, "ingest_restart"),
    ]


def test_of_causes_that_began_before_the_gap_the_later_tells() -> None:
    ledger = [(5, 60, "network"), (10, 60, "lost_object")]
    assert timeline((0, 60), [(0, 20)], ledger)[1] == [(20, 60, "lost_object")]


def test_footage_of_a_store_that_is_away_is_a_gap_of_its_own() -> None:
    played, gaps = timeline((0, 100), [(0, 20), (70, 100)], [(40, 70, "network")], away=[(20, 40)])
    assert played == [(0, 20), (70, 100)]
    assert gaps == [(20, 40, "store_outage"), (40, 70, "network")]


def test_footage_of_a_store_that_is_away_ends_a_row_that_was_left_open() -> None:
    assert timeline((0, 100), [(0, 20)], [(20, 0, "camera_offline")], away=[(50, 60)])[1] == [
        (20, 50, "camera_offline"),
        (50, 60, "store_outage"),
        (60, 100, "unknown"),
    ]


def test_what_also_lies_in_a_store_that_answers_is_played() -> None:
    assert timeline((0, 100), [(0, 50), (60, 100)], away=[(10, 55)])[1] == [
        (50, 55, "store_outage"),
        (55, 60, "unknown"),
    ]
    assert timeline((0, 100), [(0, 50), (50.9, 100)], away=[(49, 50.5)])[1] == []
    assert timeline((0, 100), [(0, 50), (51.5, 100)], away=[(50.3, 50.9)])[1] == [(50, 51.5, "store_outage")]


def test_a_hole_may_hold_any_number_of_causes() -> None:
    ledger = [(at, at + 60, ("network", "camera_offline")[at // 60 % 2]) for at in range(60, 9_960, 60)]
    gaps = timeline((0, 10_000), [(0, 60), (9_960, 10_000)], ledger)[1]
    assert gaps == [(float(start), float(end), cause) for start, end, cause in ledger]


def test_a_gap_that_goes_on_lasts_to_the_asked_end() -> None:
    assert timeline((0, 60), [(0, 20)], [(20, 0, "camera_offline")])[1] == [(20, 60, "camera_offline")]


def test_a_gap_left_open_ends_when_footage_comes_again() -> None:
    assert timeline((0, 100), [(0, 20), (40, 60)], [(20, 0, "network")])[1] == [
        (20, 40, "network"),
        (60, 100, "unknown"),
    ]
    assert timeline((70, 100), [(40, 60)], [(20, 0, "network")])[1] == [(70, 100, "unknown")]


def test_what_may_have_been_deleted_is_expired_unless_the_ledger_explains_it() -> None:
    ledger = [(20, 40, "network"), (70, 90, "disabled")]
    assert timeline((0, 100), [(10, 15)], ledger, deleted_until=80)[1] == [
        (0, 10, "expired"),
        (15, 20, "expired"),
        (20, 40, "network"),
        (40, 70, "expired"),
        (70, 90, "disabled"),
        (90, 100, "unknown"),
    ]


def test_a_row_left_open_tells_nothing_of_what_may_have_been_deleted() -> None:
    ledger = [(20, 0, "ingest_restart")]
    assert timeline((0, 100), [(90, 100)], ledger, deleted_until=80)[1] == [
        (0, 80, "expired"),
        (80, 90, "ingest_restart"),
    ]


@pytest.mark.parametrize("begins", [79.5, 80.0, 80.5])
def test_a_hole_that_all_but_ends_with_what_was_deleted_is_one(begins: float) -> None:
    assert timeline((0, 100), [(begins, 100)], deleted_until=80)[1] == [(0, begins, "expired")]
    assert timeline((0, 100), [(0, begins)], deleted_until=80)[1] == [(begins, 100, "unknown")]


def camera(created_ms: int, deleted_ms: int | None = None) -> CameraRecord:
    """One whose footage is kept for 30 days."""
    return CameraRecord("cam", 30, created_ms, deleted_ms, "421381", 3, 1, kept_days=30, minimum_days=30)


def test_a_camera_could_be_recorded_from_its_creation_to_its_deletion() -> None:
    now_ms = 100 * DAY_MS
    young = camera(90 * DAY_MS)
    assert recordable_span(young, None, now_ms) == Span(90 * DAY_MS, now_ms)
    assert recordable_span(young, 89 * DAY_MS, now_ms) == Span(89 * DAY_MS, now_ms)
    old = camera(10 * DAY_MS, 95 * DAY_MS)
    assert recordable_span(old, None, now_ms) == Span(10 * DAY_MS, 95 * DAY_MS)
    assert recordable_span(None, 80 * DAY_MS, now_ms) == Span(80 * DAY_MS, now_ms)
    assert recordable_span(None, None, now_ms) == Span(now_ms, now_ms)
