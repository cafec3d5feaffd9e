"""Live segments from ingest's fragments, in whatever order a broken stream brings them."""

from dataclasses import replace

import pytest

from services.gateway.live.playlist import media_playlist
from services.gateway.live.window import LISTED_MS, LISTED_SEGMENTS, LiveWindow
from snowlight.media.fragment import Fragment
from snowlight.media.silent import silent_fragments
from tests.unit.gateway.numbered import filled, fragments, init, numbered
from tests.unit.media.test_silent import played


def numbers(window: LiveWindow) -> list[int]:
    return [segment.number for segment in window.listed()]


def test_a_segment_is_listed_once_its_successor_begins() -> None:
    window = filled(init(100), *fragments(100, 2))
    assert numbers(window) == [100]
    assert window.listed()[0].data == b"".join(map(numbered, range(400, 404)))
    window.add_fragment(fragments(102, 1)[0])
    assert numbers(window) == [100, 101]


def test_the_window_is_bounded() -> None:
    window = filled(init(100), *fragments(100, 100))
    assert len(window.listed()) <= LISTED_SEGMENTS
    assert sum(segment.duration_ms for segment in window.listed()) <= LISTED_MS
    assert window.segment(150) is None
    assert window.segment(numbers(window)[0] - 1) is not None


def test_a_segment_whose_beginning_is_missing_is_left_out() -> None:
    window = filled(init(100), *fragments(100, 4)[2:])
    assert numbers(window) == [101, 102]


def test_a_backlog_told_again_changes_nothing() -> None:
    all_of_it = fragments(100, 6)
    window = filled(init(100), *all_of_it[:14])
    window.cut()
    window.add_init(init(100))
    for fragment in all_of_it[8:]:
        window.add_fragment(fragment)
    assert numbers(window) == [100, 101, 102, 103, 104]
    assert window.listed()[3].data == b"".join(map(numbered, range(412, 416)))


def test_a_lost_fragment_takes_its_segment_and_restarts_the_list() -> None:
    all_of_it = fragments(100, 6)
    window = filled(init(100), *all_of_it[:9], *all_of_it[10:])
    assert numbers(window) == [103, 104]


def test_a_new_session_starts_over_with_its_own_numbers() -> None:
    window = filled(init(100), *fragments(100, 3), init(900, 1), *fragments(900, 3))
    assert numbers(window) == [900, 901]
    text = media_playlist(window)
    assert "#EXT-X-MEDIA-SEQUENCE:900\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n" in text
    assert window.segment(102) is not None  # a player may still be loading it


def test_sessions_whose_numbers_follow_are_one_list_with_a_discontinuity() -> None:
    window = filled(init(100), *fragments(100, 2), init(102, 1), *fragments(102, 2))
    assert numbers(window) == [100, 101, 102]
    text = media_playlist(window)
    assert "#EXT-X-DISCONTINUITY-SEQUENCE:0\n" in text
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1
    assert text.count("#EXT-X-MAP") == 2


def test_a_camera_that_was_away_for_long_begins_a_new_list() -> None:
    back_later = [replace(fragment, start_ms=fragment.start_ms + 3_600_000) for fragment in fragments(102, 3)]
    window = filled(init(100), *fragments(100, 2), init(102, 1), *back_later)
    assert numbers(window) == [102, 103]


def test_init_sections_go_with_their_segments() -> None:
    window = filled(init(100), *fragments(100, 3), init(900, 1), *fragments(900, 20))
    assert window.init(init(100).init8, 100) is None
    assert window.init(init(900).init8, 900) == init(900, 1)
    assert window.init("ffffffff", 900) is None


def test_a_fragment_before_any_init_is_refused() -> None:
    with pytest.raises(ValueError, match="init"):
        LiveWindow().add_fragment(fragments(1, 1)[0])


def test_a_segment_is_made_silent_once_and_forgotten_with_it() -> None:
    session = played()
    data = [fragment.data for fragment in session.fragments[:4]]
    window = filled(
        replace(init(100), codecs="avc1,mp4a"),
        *(
            Fragment(100, part, 200_000 + part * 500, 500, part == 0, False, (each,))
            for part, each in enumerate(data)
        ),
        fragments(101, 1)[0],
    )
    segment = window.segment(100)
    assert segment is not None
    silent = window.segment_data(segment, silent=True)
    assert silent == silent_fragments(b"".join(data))
    made = [window.part_data(part, silent=True) for part in segment.parts]
    assert b"".join(made) == silent
    assert all(
        window.part_data(part, silent=True) is one for part, one in zip(segment.parts, made, strict=True)
    )
    for fragment in fragments(101, 30)[1:]:
        window.add_fragment(fragment)
    assert window.segment(100) is None
    assert window.segment_data(segment, silent=True) == silent
    assert all(
        window.part_data(part, silent=True) is not one for part, one in zip(segment.parts, made, strict=True)
    )
