"""Small faults of a camera's stamps are repaired, large ones told, and DTS follow from the reorder depth."""

from itertools import pairwise

import pytest

from services.ingest.media.timestamps import (
    Discontinuity,
    VideoTimestamps,
    observed_depth,
    observed_interval,
)

I_P_B_B = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8]
"""PTS in decoding order, in frames, of one GOP with two B pictures between its P pictures."""


def place_all(stamps: list[int], depth: int = 0) -> list[tuple[int, int]]:
    """Stamps in frames of 40 ms, units arriving evenly."""
    times = VideoTimestamps(stamps[0] * 3600, depth, 3600)
    return [times.place(stamp * 3600, i * 40.0) for i, stamp in enumerate(stamps)]


def test_even_stamps_stay_as_they_are_from_zero() -> None:
    assert place_all([100, 101, 102]) == [(0, 0), (3600, 3600), (7200, 7200)]


@pytest.mark.parametrize("stamps", [[0, 1, 1, 3, 4], [0, 1, 2, 1, 4], [5, 6, 6, 6, 9]])
def test_duplicate_and_backward_stamps_are_moved_on(stamps: list[int]) -> None:
    dts = [dts for _, dts in place_all(stamps)]
    assert all(a < b for a, b in pairwise(dts))
    assert dts[-1] == 4 * 3600


def test_stamps_that_come_in_equal_pairs_do_not_run_away() -> None:
    times = VideoTimestamps(0, 0, 3600)
    placed = [times.place(i // 2 * 7200, i // 2 * 80.0)[0] for i in range(100)]
    assert all(a < b for a, b in pairwise(placed))
    assert placed[-1] < 99 * 3600


@pytest.mark.parametrize("jump", [20, -20, 100_000, -100_000])
def test_a_jump_is_told(jump: int) -> None:
    with pytest.raises(Discontinuity):
        place_all([200_000, 200_001, 200_001 + jump])


def test_a_hole_of_a_third_of_a_second_beyond_a_frame_is_the_limit() -> None:
    place_all([0, 1, 2, 10])
    with pytest.raises(Discontinuity):
        place_all([0, 1, 2, 11])


def test_dts_come_from_the_reorder_depth() -> None:
    assert observed_depth(I_P_B_B) == 1
    placed = place_all(I_P_B_B, depth=1)
    assert [dts for _, dts in placed] == [i * 3600 for i in range(10)]
    assert [pts for pts, _ in placed] == [(frame + 1) * 3600 for frame in I_P_B_B]


def test_no_picture_is_shown_before_it_is_decoded_however_wrong_the_depth() -> None:
    times = VideoTimestamps(0, 0, 3600)
    placed = [times.place(frame * 3600, i * 40.0) for i, frame in enumerate(I_P_B_B)]
    assert all(pts >= dts for pts, dts in placed)
    assert all(a < b for (_, a), (_, b) in pairwise(placed))
    assert times.deeper


def test_a_single_glitch_is_no_reordering() -> None:
    assert observed_depth([0, 1, 2, 1, 4, 5]) == 0


@pytest.mark.parametrize(("frames_per_second", "ticks"), [(25, 3600), (1, 90_000), (12.5, 7200)])
def test_the_frame_interval_is_learnt(frames_per_second: float, ticks: int) -> None:
    stamps = [round(i * 90_000 / frames_per_second) for i in range(10)]
    assert observed_interval(stamps) == ticks
