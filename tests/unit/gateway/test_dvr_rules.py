"""The playlist of the last hour as players follow it for hours, whatever the camera does."""

from itertools import pairwise

import m3u8
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.archive.dvr import LISTED_MS, Window, dvr_playlist, listing
from services.gateway.archive.grid import era_of, needed_from, numbered
from services.gateway.archive.recording import Recording
from tests.unit.gateway.camera_day import camera_days, known_at
from tests.unit.gateway.rules import Played, keep_the_rules

EVERY = settings(max_examples=60, deadline=None)


def at(recordings: list[Recording], window: Window, now_ms: int, *, skip: bool = False) -> str | None:
    known = known_at(recordings, now_ms)
    era_ms = era_of(window.listed_from(now_ms))
    pieces = numbered([one for one in known if one.end_ms > needed_from(era_ms)], era_ms, now_ms)
    listed = listing(pieces, [one for one in known if one.end_ms > window.start_ms], window, now_ms)
    return dvr_playlist(listed, skip=skip) if listed else None


def moments(recordings: list[Recording], steps_ms: list[int]) -> list[int]:
    now_ms = recordings[0].start_ms
    return [now_ms := now_ms + step_ms for step_ms in steps_ms]


STEPS = st.lists(st.sampled_from([700, 2_000, 5_000, 18_000, 60_000, 400_000]), min_size=5, max_size=25)


@EVERY
@given(camera_days(), STEPS, st.integers(60_000, 2_000_000))
def test_a_segment_keeps_its_number_its_session_and_its_place(
    recordings: list[Recording], steps_ms: list[int], lasts_ms: int
) -> None:
    window = Window(recordings[0].start_ms + 3_000, recordings[0].start_ms + lasts_ms, listed_ms=90_000)
    seen: dict[int, Played] = {}
    ended = False
    newest = oldest = 0
    for now_ms in moments(recordings, steps_ms):
        text = at(recordings, window, now_ms)
        if text is None:
            continue
        played = keep_the_rules(text)
        assert newest <= played[-1].number
        assert oldest <= played[0].number
        newest, oldest = played[-1].number, played[0].number
        for one in played:
            assert not one.gap or (one.until - one.at).total_seconds() < 0.002
            if not one.gap:
                before = seen.setdefault(one.number, one)
                assert (before.uri, before.discontinuity) == (one.uri, one.discontinuity)
                assert window.start_ms <= one.at.timestamp() * 1000 < window.end_ms
        assert m3u8.loads(text).is_endlist >= ended
        ended = m3u8.loads(text).is_endlist


@EVERY
@given(camera_days(), STEPS)
def test_a_player_with_delta_updates_has_what_others_have(
    recordings: list[Recording], steps_ms: list[int]
) -> None:
    window = Window(recordings[0].start_ms, recordings[0].start_ms + 10 * LISTED_MS)
    for before_ms, now_ms in pairwise(moments(recordings, [step for step in steps_ms if step <= 18_000])):
        had, delta = at(recordings, window, before_ms), at(recordings, window, now_ms, skip=True)
        whole = at(recordings, window, now_ms)
        if had is None or delta is None or whole is None:
            continue
        have = {one.number: one.uri for one in keep_the_rules(had)}
        skipped = m3u8.loads(delta).skip.skipped_segments if "EXT-X-SKIP" in delta else 0
        first = m3u8.loads(delta).media_sequence
        merged = [have[first + place] for place in range(skipped)]
        merged += [segment.uri for segment in m3u8.loads(delta).segments]
        assert merged == [one.uri for one in keep_the_rules(whole)]
