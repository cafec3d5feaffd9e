"""Low-latency playlists (RFC 8216bis), held against the RFC's rules by a parser that is not ours."""

from __future__ import annotations

import m3u8
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.live.playlist import media_playlist, target_duration_s
from services.gateway.live.reload import PARTS_AHEAD, Reload, read_reload
from services.gateway.live.window import LiveWindow
from snowlight.errors import InvalidArgumentError
from snowlight.media.fragment import Fragment, InitSection
from tests.unit.gateway.numbered import PARTS, filled, fragments, init


def part_uris(playlist: m3u8.M3U8) -> list[str]:
    return [part.uri for segment in playlist.segments for part in segment.parts]


def test_the_parts_of_the_newest_segments_and_of_the_one_that_comes_are_listed() -> None:
    window = filled(init(100), *fragments(100, 6)[: 5 * PARTS + 2])
    playlist = m3u8.loads(media_playlist(window))
    assert playlist.media_sequence == 100
    assert [bool(segment.parts) for segment in playlist.segments[:5]] == [False, False, True, True, True]
    assert playlist.segments[5].uri is None, "the sixth is not whole"
    numbers = [int(uri.removesuffix(".m4s").rpartition("-")[2]) for uri in part_uris(playlist)]
    assert numbers == list(range(102 * PARTS, 105 * PARTS + 2))
    assert playlist.preload_hint.uri == f"part-100-{105 * PARTS + 2}.m4s"
    assert playlist.server_control.can_block_reload == "YES"
    assert playlist.part_inf.part_target == 0.54
    assert playlist.server_control.part_hold_back == pytest.approx(3 * 0.54)


def test_the_hint_names_what_comes_next_also_where_that_begins_another_segment() -> None:
    told = fragments(100, 3)
    window = filled(init(100), *told[:PARTS])
    assert not window.listed()
    for fragment in told[PARTS:]:
        hinted = part_of_hint(window) if window.listed() else None
        window.add_fragment(fragment)
        if hinted is not None:
            assert window.part(*hinted) is not None
    assert window.is_next(*part_of_hint(window))
    assert not window.is_next(100, 1)
    assert not window.is_next(99, part_of_hint(window)[1])


def part_of_hint(window: LiveWindow) -> tuple[int, int]:
    return place_of(m3u8.loads(media_playlist(window)).preload_hint.uri)


def place_of(uri: str) -> tuple[int, int]:
    """Session and number of a part."""
    _, session, number = uri.removesuffix(".m4s").split("-")
    return int(session), int(number)


def test_a_lost_fragment_ends_the_parts_of_its_segment() -> None:
    told = fragments(100, 4)
    window = filled(init(100), *told[: 3 * PARTS + 1], *told[3 * PARTS + 2 :])
    assert window.coming()[1] == []
    assert m3u8.loads(media_playlist(window)).segments[-1].uri == "102.m4s"


def test_a_session_that_has_just_begun_has_its_mark_before_its_first_part() -> None:
    window = filled(init(100), *fragments(100, 3), init(103, 1), *fragments(103, 1)[:2])
    lines = media_playlist(window).splitlines()
    at = lines.index(f'#EXT-X-PART:DURATION=0.500,URI="part-103-{103 * PARTS}.m4s",INDEPENDENT=YES')
    assert lines[at - 3 : at - 1] == ["#EXT-X-DISCONTINUITY", '#EXT-X-MAP:URI="init-00000067-103.mp4"']


@given(
    sessions=st.lists(st.tuples(st.integers(1, 6), st.integers(0, 3)), min_size=1, max_size=5),
    dropped=st.sets(st.integers(0, 100), max_size=4),
    shown=st.integers(2 * PARTS, 30 * PARTS),
)
def test_every_playlist_keeps_the_rules(
    sessions: list[tuple[int, int]], dropped: set[int], shown: int
) -> None:
    """`sessions`: segments of each, and how many numbers are left out before it."""
    number = 100
    told: list[InitSection | Fragment] = []
    for place, (segments, skipped) in enumerate(sessions):
        number += skipped
        told += [init(number, place), *fragments(number, segments)]
        number += segments
    window = filled(*(event for at, event in enumerate(told[:shown]) if at not in dropped or at == 0))
    if not window.listed():
        return
    text = media_playlist(window)
    playlist = m3u8.loads(text)
    listed, (_, coming) = window.listed(), window.coming()
    assert [segment.uri for segment in playlist.segments if segment.uri] == [
        f"{segment.number}.m4s" for segment in listed
    ]
    assert len(playlist.segments) == len(listed) + bool(coming)
    assert playlist.target_duration == target_duration_s(listed)
    for segment in playlist.segments:
        for part in segment.parts:
            assert part.duration <= playlist.part_inf.part_target
        if segment.parts and segment.uri:
            assert sum(part.duration for part in segment.parts) == pytest.approx(segment.duration)
    assert len(set(part_uris(playlist))) == len(part_uris(playlist))
    for uri in part_uris(playlist):
        assert window.part(*place_of(uri)) is not None
    assert playlist.server_control.part_hold_back >= 2 * playlist.part_inf.part_target
    assert playlist.server_control.hold_back >= 3 * playlist.target_duration
    assert text.count("#EXT-X-PRELOAD-HINT") == 1


def test_what_a_player_waits_for_is_reached_by_parts_and_by_segments() -> None:
    window = filled(init(100), *fragments(100, 3)[: 2 * PARTS + 2])
    assert window.reached(101, None)
    assert window.reached(101, 99), "a part that a whole segment does not have is in the next one"
    assert not window.reached(102, None)
    assert window.reached(102, 1)
    assert not window.reached(102, 2)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"_HLS_part": "1"}, "_HLS_part"),
        ({"_HLS_msn": "x"}, "_HLS_msn"),
        ({"_HLS_msn": "-1"}, "_HLS_msn"),
        ({"_HLS_msn": "1" * 17}, "_HLS_msn"),
        ({"_HLS_msn": "\u0661"}, "_HLS_msn"),
        ({"_HLS_msn": "102", "_HLS_part": ""}, "_HLS_part"),
        ({"_HLS_msn": "104"}, "_HLS_msn"),
        ({"_HLS_msn": "102", "_HLS_part": str(2 + PARTS_AHEAD)}, "_HLS_part"),
    ],
)
def test_directives_that_make_no_sense_are_refused(query: dict[str, str], field: str) -> None:
    window = filled(init(100), *fragments(100, 3)[: 2 * PARTS + 2])
    with pytest.raises(InvalidArgumentError) as refused:
        reload = read_reload(query)
        assert reload is not None
        reload.check(window)
    assert refused.value.field == field


def test_what_players_may_ask_for_is_not_refused() -> None:
    window = filled(init(100), *fragments(100, 3)[: 2 * PARTS + 2])
    assert read_reload({"_HLS_other": "1"}) is None
    for reload in (Reload(0, None), Reload(102, 4), Reload(103, None), Reload(103, 0)):
        reload.check(window)
