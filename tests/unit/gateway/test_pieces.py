"""How recordings are cut into archive segments."""

import random
from array import array
from itertools import accumulate, pairwise

from services.gateway.archive.pieces import LONGEST_SEGMENT_MS, SEGMENT_MS, cut, cut_runs
from services.gateway.archive.playlist import Range, entry_of, vod_playlist
from services.gateway.archive.recording import Recording


def recording(
    start_ms: int, durations: list[int], key_every: int, *, session: int = 1, sequence: int = 1
) -> Recording:
    count = len(durations)
    return Recording(
        camera_uid="c",
        key="k",
        store=None,
        epoch=1,
        sequence=sequence,
        session=session,
        init8="00000000",
        init_size=100,
        codecs="avc1.42c00c",
        starts=array("q", accumulate(durations, initial=start_ms)),
        sizes=[1000] * count,
        independent=bytes(index % key_every == 0 for index in range(count)),
    )


def test_segments_are_whole_gops_of_about_six_seconds() -> None:
    minute = recording(0, [500] * 120, key_every=4)
    pieces = cut([minute], 0, 60_000)
    assert [piece.duration_ms for piece in pieces] == [6000] * 10
    assert all(piece.independent for piece in pieces)
    assert (pieces[1].offset, pieces[1].size) == (100 + 12_000, 12_000)


def test_a_gop_of_minutes_is_cut_within_and_said_to_be_dependent() -> None:
    minute = recording(0, [500] * 120, key_every=1000)
    pieces = cut([minute], 0, 60_000)
    assert max(piece.duration_ms for piece in pieces) <= LONGEST_SEGMENT_MS
    assert sum(piece.duration_ms for piece in pieces) == 60_000
    assert "INDEPENDENT" not in vod_playlist(
        cut_runs([minute], 0, 60_000), Range(0, 60_000, 10**9, show_gaps=False)
    )


def test_pieces_follow_each_other_without_hole_or_overlap() -> None:
    minutes = [recording(n * 60_000, [480, 520] * 60, key_every=3, sequence=n) for n in range(3)]
    pieces = cut(minutes, 25_300, 150_100)
    assert pieces[0].start_ms <= 25_300 < pieces[0].end_ms
    assert pieces[-1].start_ms < 150_100 <= pieces[-1].end_ms
    assert all(before.end_ms == after.start_ms for before, after in pairwise(pieces))


def test_any_window_is_opened_by_its_own_pieces_and_by_nothing_further() -> None:
    minute = recording(0, [500] * 120, key_every=4)
    for start_ms in range(0, 59_000, 700):
        for end_ms in range(start_ms + 100, 60_000, 1300):
            pieces = cut([minute], start_ms, end_ms)
            assert pieces
            assert all(piece.lies_within(start_ms, end_ms) for piece in pieces)
            assert start_ms - 2000 < pieces[0].start_ms <= start_ms
            assert pieces[-1].end_ms < end_ms + 500


def test_nothing_is_cut_from_a_gap() -> None:
    assert cut([recording(0, [500] * 10, 4), recording(60_000, [500] * 10, 4)], 10_000, 50_000) == []


def test_the_playlist_of_a_gap_keeps_the_wall_clock() -> None:
    minutes = [recording(0, [500] * 120, 4), recording(100_000, [500] * 120, 4, session=2, sequence=2)]
    asked = Range(0, 160_000, 10**9, show_gaps=True)
    shown = vod_playlist(cut_runs(minutes, 0, 160_000), asked).splitlines()
    instant_ms = 0
    for before, line in pairwise(shown):
        if line.startswith("vod/"):
            name = line.removeprefix("vod/").removeprefix("gap-")
            assert int(name.partition("-")[0].partition(".")[0]) == instant_ms
            instant_ms += round(float(before.removeprefix("#EXTINF:").rstrip(",")) * 1000)
    assert instant_ms == 160_000


def test_a_millisecond_of_rounding_makes_no_longer_segment() -> None:
    minute = recording(0, [499, 500, 500, 500] * 30, key_every=4)
    pieces = cut([minute], 0, 60_000)
    assert {piece.count for piece in pieces} == {12}


def test_segments_end_at_the_first_key_frame_after_six_seconds_or_before_they_are_too_long() -> None:
    chance = random.Random(6)
    for _ in range(500):
        durations = [chance.choice((0, 40, 500, 5_900, 6_000, chance.randint(1, 14_000))) for _ in range(30)]
        one = recording(1_000, durations, key_every=chance.randint(1, 9))
        begins = [0]
        for at in range(1, one.count):
            long_enough = one.starts[at] - one.starts[begins[-1]] >= SEGMENT_MS - 100
            too_long = one.starts[at + 1] - one.starts[begins[-1]] > LONGEST_SEGMENT_MS
            if too_long or (long_enough and one.independent[at]):
                begins.append(at)
        assert [piece.first for piece in cut([one], 0, 10**9)] == begins


def test_a_playlist_reads_the_same_whoever_makes_its_entries() -> None:
    minutes = [
        recording(0, [500] * 120, key_every=4),
        recording(60_000, [500] * 100, key_every=4, sequence=2),
        recording(130_000, [500] * 120, key_every=4, session=2, sequence=3),
    ]
    runs = cut_runs(minutes, 3_000, 180_000)
    entries = [entry_of(piece) for piece in cut(minutes, 3_000, 180_000)]
    for show_gaps in (False, True):
        asked = Range(0, 400_000, 10**9, show_gaps=show_gaps)
        assert vod_playlist(runs, asked) == vod_playlist(runs, asked, entries)
