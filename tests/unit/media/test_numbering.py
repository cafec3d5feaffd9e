"""Segments, parts and target duration by media.md."""

from services.ingest.media.numbering import Numbering, part_target_ms


def place_gops(numbering: Numbering, gop_ms: int, count: int) -> list[tuple[int, int]]:
    """`count` GOPs in fragments of at most half a second."""
    placed = []
    for _ in range(count):
        left = gop_ms
        while left > 0:
            placed.append(numbering.place(min(500, left), left == gop_ms))
            left -= 500
    return placed


def test_a_session_begins_with_its_second() -> None:
    numbering = Numbering()
    numbering.begin(1_790_000_000_999)
    assert numbering.place(500, True) == (1_790_000_000, 0)


def test_a_later_session_counts_on_so_that_one_playlist_can_list_both() -> None:
    numbering = Numbering()
    numbering.begin(1_790_000_000_000)
    last = place_gops(numbering, 2000, 3)[-1][0]
    assert last == 1_790_000_002
    numbering.begin(1_790_000_060_000)
    assert (numbering.session, numbering.discontinuity_sequence) == (1_790_000_003, 2)
    assert numbering.place(500, True) == (1_790_000_003, 0)


def test_discontinuities_are_counted_on_from_an_earlier_run() -> None:
    numbering = Numbering(discontinuities=41)
    numbering.begin(1_790_000_000_000)
    assert numbering.discontinuity_sequence == 42


def test_a_segment_ends_at_the_first_key_frame_from_two_seconds_on() -> None:
    numbering = Numbering()
    numbering.begin(1_000)
    placed = place_gops(numbering, 1000, 5)
    assert [segment for segment, part in placed if part == 0] == [1, 2, 3]
    assert numbering.target_ms == 2000


def test_the_target_is_the_first_segments_length_and_is_kept_for_later_sessions() -> None:
    numbering = Numbering()
    numbering.begin(1_000)
    place_gops(numbering, 4000, 1)
    assert numbering.target_ms == 0
    place_gops(numbering, 4000, 1)
    assert numbering.target_ms == 4000
    numbering.begin(100_000)
    assert numbering.target_ms == 4000


def test_a_long_gop_is_cut_by_force() -> None:
    numbering = Numbering()
    numbering.begin(1_000)
    lengths: dict[int, int] = {}
    for segment, _ in place_gops(numbering, 20_000, 3):
        lengths[segment] = lengths.get(segment, 0) + 500
    assert numbering.target_ms == 6000
    assert max(lengths.values()) <= 6499


def test_part_target_leaves_room_for_a_late_cut() -> None:
    assert part_target_ms(40) == 562
    assert part_target_ms(1000) == 1080
