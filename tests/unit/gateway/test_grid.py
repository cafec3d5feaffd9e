"""Media sequence numbers of the past: the same whenever, and from wherever, they are told."""

from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.gateway.archive.grid import (
    CELL_MS,
    CLOSED_MS,
    ERA_CELLS,
    ERA_MS,
    LONGEST_MS,
    NumberedPiece,
    era_of,
    needed_from,
    numbered,
)
from services.gateway.archive.recording import Recording
from tests.unit.gateway.camera_day import START_MS, camera_days, known_at
from tests.unit.gateway.test_pieces import recording

LATER_MS = START_MS + 10**9


def places(pieces: list[NumberedPiece]) -> list[tuple[int, int, int]]:
    """Number, start and count of fragments."""
    return [(one.number, one.piece.start_ms, one.piece.count) for one in pieces]


@settings(max_examples=60, deadline=None)
@given(camera_days(), st.lists(st.integers(0, 600_000), min_size=1, max_size=6))
def test_what_was_listed_once_keeps_its_number_and_its_content(
    recordings: list[Recording], passing_ms: list[int]
) -> None:
    era_ms = era_of(recordings[0].start_ms)
    whole = places(numbered(recordings, era_ms, LATER_MS).pieces)
    reached = 0
    now_ms = recordings[0].start_ms
    for passed_ms in sorted(passing_ms):
        now_ms = recordings[0].start_ms + passed_ms
        then = numbered(known_at(recordings, now_ms), era_ms, now_ms)
        seen = places(then.pieces)
        assert seen == whole[: len(seen)]
        assert all(number > then.reached for number, _, _ in whole[len(seen) :])  # an empty cell stays empty
        assert then.reached >= reached or not seen
        reached = then.reached


@settings(max_examples=60, deadline=None)
@given(camera_days(), st.integers(0, 4))
def test_numbers_do_not_depend_on_where_one_begins_to_look(recordings: list[Recording], eras: int) -> None:
    first_ms = era_of(recordings[0].start_ms)
    from_ms = first_ms + eras * ERA_MS
    whole = places(numbered(recordings, first_ms, LATER_MS).pieces)
    later = [recording for recording in recordings if recording.end_ms > needed_from(from_ms)]
    assert places(numbered(later, from_ms, LATER_MS).pieces) == [
        place for place in whole if place[1] >= from_ms
    ]


BEGINS_ANEW_AT_AN_ERAS_END = [
    recording(1_790_000_392_720, [500] * 4, 1, sequence=9),
    recording(1_790_000_394_720, [480], 1, session=2, sequence=10),
    recording(1_790_000_395_200, [480] * 10, 1, session=3, sequence=11),
]
"""Three segments begin in the last three cells of an era, and there has to be a fourth: they last long."""


@settings(max_examples=60, deadline=None)
@given(camera_days())
@example(BEGINS_ANEW_AT_AN_ERAS_END)
def test_every_fragment_is_in_one_segment_of_bounded_length(recordings: list[Recording]) -> None:
    pieces = numbered(recordings, era_of(recordings[0].start_ms), LATER_MS).pieces
    assert all(before.number < after.number for before, after in pairwise(pieces))
    assert all(before.piece.end_ms <= after.piece.start_ms for before, after in pairwise(pieces))
    assert sum(one.piece.count for one in pieces) == sum(recording.count for recording in recordings)
    assert max(one.piece.duration_ms for one in pieces) < LONGEST_MS


@settings(max_examples=60, deadline=None)
@given(camera_days())
def test_a_recording_that_is_heard_of_late_changes_nothing_before_it(recordings: list[Recording]) -> None:
    era_ms = era_of(recordings[0].start_ms)
    whole = places(numbered(recordings, era_ms, LATER_MS).pieces)
    for count in range(1, len(recordings)):
        known = places(numbered(recordings[:count], era_ms, LATER_MS).pieces)
        assert known == whole[: len(known)]


def test_a_camera_that_begins_anew_all_the_time_pushes_numbers_ahead_and_they_come_back() -> None:
    flaps = [recording(1_000 + n * 700, [350, 350], 1, session=n, sequence=n) for n in range(8)]
    steady = recording(6_600, [500] * 100, 4, session=9, sequence=9)
    pieces = numbered([*flaps, steady], 0, LATER_MS).pieces
    numbers = [one.number for one in pieces]
    assert numbers == list(range(len(numbers)))
    assert numbers[7] == 7 > pieces[7].piece.start_ms // CELL_MS
    assert numbers[-1] == pieces[-1].piece.start_ms // CELL_MS


def test_an_end_is_listed_once_nothing_more_can_come() -> None:
    minute = recording(0, [500] * 20, 4)
    assert numbered([minute], 0, 10_000).pieces[-1].piece.end_ms == 8_000  # the next one goes on
    closed = numbered([minute], 0, 12_000 + CLOSED_MS)
    assert closed.pieces[-1].piece.end_ms == 10_000
    assert closed.reached == 5


def test_a_segment_is_listed_with_the_key_frame_after_it() -> None:
    for count in range(5, 120):
        known = recording(0, [500] * count, 4)
        newest_key_ms = known.starts[known.first_needed(known.end_ms - 1)]
        assert numbered([known], 0, known.end_ms).pieces[-1].piece.end_ms == newest_key_ms


def test_where_a_recording_ends_behind_a_key_frame_numbers_run_ahead_and_come_back() -> None:
    ends = recording(0, [500] * 22, 2)  # key frames at 10 s, in the cell in which its successor begins
    goes_on = recording(11_000, [500] * 60, 2, sequence=2)
    listed = numbered([ends], 0, 11_000).pieces
    assert (listed[-1].number, listed[-1].piece.end_ms) == (4, 10_000)
    pieces = numbered([ends, goes_on], 0, LATER_MS).pieces
    assert pieces[: len(listed)] == listed
    assert [(one.number, one.piece.start_ms) for one in pieces[4:9]] == [
        (4, 8_000),
        (5, 10_000),
        (6, 11_000),
        (7, 14_000),
        (8, 16_000),
    ]


def test_minutes_that_follow_each_other_have_the_numbers_of_the_clock() -> None:
    minutes = [recording(n * 60_700 + 300, [500, 400] * 67 + [400], 5, sequence=n) for n in range(5)]
    assert all(one.number == one.piece.start_ms // CELL_MS for one in numbered(minutes, 0, LATER_MS).pieces)


def flapping(begin_ms: int, count: int) -> list[Recording]:
    """So many recordings that begin every 700 ms."""
    return [recording(begin_ms + n * 700, [350, 350], 1, session=n, sequence=n) for n in range(count)]


def test_numbers_that_run_over_the_end_of_an_era_go_on_in_the_next_one_and_come_back() -> None:
    steady = recording(ERA_MS + 5_000, [500] * 200, 4, session=99, sequence=99)
    recordings = [*flapping(ERA_MS - 9_000, 20), steady]
    whole = numbered(recordings, 0, LATER_MS).pieces
    assert sum(one.piece.count for one in whole) == sum(each.count for each in recordings)
    assert all(before.number < after.number for before, after in pairwise(whole))
    later = [one for one in whole if one.piece.start_ms >= ERA_MS]
    assert later[0].number > ERA_CELLS
    assert whole[-1].number == whole[-1].piece.start_ms // CELL_MS
    assert numbered(recordings, ERA_MS, LATER_MS).pieces == later


def test_a_camera_that_always_begins_anew_has_no_more_numbers_than_there_are() -> None:
    eras = 3
    recordings = flapping(0, eras * ERA_MS // 700)
    whole = places(numbered(recordings, 0, LATER_MS).pieces)
    assert all(before[0] < after[0] for before, after in pairwise(whole))
    assert sum(count for _, _, count in whole) < sum(each.count for each in recordings)
    for era_ms in range(0, eras * ERA_MS, ERA_MS):
        known = [one for one in recordings if one.end_ms > needed_from(era_ms)]
        assert places(numbered(known, era_ms, LATER_MS).pieces) == [one for one in whole if one[1] >= era_ms]
    for now_ms in range(50_000, eras * ERA_MS, 570_000):
        then = numbered(known_at(recordings, now_ms), 0, now_ms)
        seen = places(then.pieces)
        assert seen == whole[: len(seen)]
        assert all(number > then.reached for number, _, _ in whole[len(seen) :])
