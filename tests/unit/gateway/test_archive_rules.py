"""Playlists of any past keep the rules of the RFC."""

import re
from datetime import timedelta
from itertools import pairwise

import m3u8
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.archive.keyframes import MOST_PICTURES, key_pictures
from services.gateway.archive.multivariant import Ladder, Rung, multivariant_playlist
from services.gateway.archive.pieces import cut, cut_runs
from services.gateway.archive.playlist import Range, key_playlist, vod_playlist
from services.gateway.archive.recording import Recording
from tests.unit.gateway.camera_day import camera_days
from tests.unit.gateway.rules import keep_the_rules
from tests.unit.gateway.test_pieces import recording

EVERY = settings(max_examples=80, deadline=None)
INSTANTS = st.integers(-10_000, 1_500_000)
LATER_MS = 1_800_000_000_000


@st.composite
def ranges(draw: st.DrawFn) -> tuple[list[Recording], Range]:
    recordings = draw(camera_days())
    begin, end = sorted(draw(st.tuples(INSTANTS, INSTANTS)))
    start_ms = recordings[0].start_ms + begin
    end_ms = max(recordings[0].start_ms + end, start_ms) + 1
    asked = Range(start_ms, end_ms, LATER_MS, show_gaps=draw(st.booleans()))
    return [one for one in recordings if one.end_ms > start_ms and one.start_ms < end_ms], asked


@EVERY
@given(ranges())
def test_the_media_playlist(given: tuple[list[Recording], Range]) -> None:
    recordings, asked = given
    pieces = cut(recordings, asked.start_ms, asked.end_ms)
    if not pieces:
        return
    played = keep_the_rules(vod_playlist(cut_runs(recordings, asked.start_ms, asked.end_ms), asked))
    assert [one.uri for one in played if not one.gap] == [
        f"vod/{piece.start_ms}-{piece.count}.m4s" for piece in pieces
    ]
    for one, piece in zip([one for one in played if not one.gap], pieces, strict=True):
        assert round(one.at.timestamp() * 1000) == piece.start_ms
    if asked.show_gaps:  # media time follows the wall clock, but for what is too short to be a gap
        missing = (asked.end_ms - asked.start_ms) / 1000 - sum(
            (one.until - one.at).total_seconds() for one in played
        )
        assert missing <= len(recordings) + 1
    else:
        assert not any(one.gap for one in played)


@EVERY
@given(ranges())
def test_key_frames(given: tuple[list[Recording], Range]) -> None:
    recordings, asked = given
    pictures = key_pictures(recordings, asked.start_ms, asked.end_ms)
    if not pictures:
        return
    played = [one for one in keep_the_rules(key_playlist(pictures, asked)) if not one.gap]
    assert len(played) <= MOST_PICTURES + 1
    for one, picture in zip(played, pictures, strict=True):
        assert picture.recording.independent[picture.index]
        assert one.uri == f"vod/key-{picture.start_ms}.m4s"
        assert one.init.startswith("vod/key-init-")
    for before, after in pairwise(recordings):  # no picture stands for what was not recorded
        if after.start_ms - before.end_ms > 1_000:
            assert not any(one.start_ms < before.end_ms < one.start_ms + one.duration_ms for one in pictures)


@EVERY
@given(ranges())
def test_the_multivariant_playlist(given: tuple[list[Recording], Range]) -> None:
    recordings, asked = given
    pieces = cut(recordings, asked.start_ms, asked.end_ms)
    if not pieces:
        return
    text = multivariant_playlist(
        pieces,
        key_pictures(recordings, asked.start_ms, asked.end_ms),
        [one.codecs for one in recordings],
        media_uri="vod.m3u8",
        key_uri="vod.iframes.m3u8",
    )
    (variant,) = m3u8.loads(text).playlists
    named = variant.stream_info.codecs.split(",")
    assert set(named) == {name for one in recordings for name in one.codecs.split(",")}
    assert len(named) == len(set(named))
    assert variant.stream_info.average_bandwidth <= variant.stream_info.bandwidth
    for frames in m3u8.loads(text).iframe_playlists:
        assert "mp4a" not in frames.iframe_stream_info.codecs


def test_what_is_encoded_anew_is_listed_with_what_is_known_before_it_is_played() -> None:
    day = [recording(0, [500] * 120, 2)]
    rung = Rung("720p", ("avc1.64001f,mp4a.40.2", "avc1.64001e"), (1280, 720), 25.0, 1_500_000)
    lists = {
        silent: m3u8.loads(
            multivariant_playlist(
                cut(day, 0, 60_000),
                (),
                ["hvc1.1.6.L120.90,mp4a.40.2"],
                media_uri="vod.m3u8",
                key_uri="",
                ladder=Ladder((1920, 1080), 25.0, (rung,)),
                rung_uri="vod.m3u8?rendition={}".format,
                silent=silent,
            )
        ).playlists
        for silent in (False, True)
    }
    main, small = lists[False]
    assert (main.uri, main.stream_info.resolution) == ("vod.m3u8", (1920, 1080))
    assert (small.uri, small.stream_info.resolution) == ("vod.m3u8?rendition=720p", (1280, 720))
    assert small.stream_info.average_bandwidth == 1_500_000
    assert small.stream_info.codecs == "avc1.64001f,avc1.64001e,mp4a.40.2"
    assert [each.stream_info.codecs for each in lists[True]] == [
        "hvc1.1.6.L120.90",
        "avc1.64001f,avc1.64001e",
    ]


def test_a_day_of_key_frames_is_thinned_and_the_same_for_any_range_of_a_day() -> None:
    day = [recording(n * 60_000, [500] * 120, 2, sequence=n) for n in range(1_440)]
    whole = key_pictures(day, 0, 86_400_000)
    assert len(whole) == MOST_PICTURES
    assert {picture.duration_ms for picture in whole} == {12_000}
    later = key_pictures(day, 30_000, 86_400_000)
    assert [picture.start_ms for picture in later[1:]] == [
        picture.start_ms for picture in whole if picture.start_ms > 30_000
    ]
    hour = key_pictures(day, 0, 3_600_000)
    assert {picture.duration_ms for picture in hour} == {1_000}


@EVERY
@given(camera_days())
def test_a_player_that_trusts_the_wall_clock_crosses_gaps(recordings: list[Recording]) -> None:
    """As Media3: media time goes on over a compressed gap, and the wall clock jumps with a discontinuity."""
    asked = Range(recordings[0].start_ms, recordings[-1].end_ms, LATER_MS, show_gaps=False)
    played = keep_the_rules(vod_playlist(cut_runs(recordings, asked.start_ms, asked.end_ms), asked))
    media = timedelta()
    anchor, discontinuity = played[0].at, played[0].discontinuity
    for one in played:
        if one.discontinuity != discontinuity:
            anchor, discontinuity = one.at - media, one.discontinuity
        assert timedelta() <= one.at - (anchor + media) <= timedelta(seconds=1) * len(recordings)
        media += one.until - one.at
    assert re.fullmatch(r"vod/\d+-\d+\.m4s", played[-1].uri)
