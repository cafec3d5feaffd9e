"""What a person who watches a camera must get: every picture, every sound, at its time on the wall clock."""

from dataclasses import dataclass

import pytest

from tests.cluster.decoding import Played, expect_every_picture, expect_sound_throughout, play
from tests.cluster.person import Person, now_ms
from tests.cluster.playlist import MediaPlaylist

FRAGMENT_MS = 600
ON_ITS_WAY_MS = 5_000
"""From the camera to whoever asks for the newest second, on a machine that is busy."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What a camera sends, as it arrives at a player."""

    codecs: tuple[str, ...]
    frame_rate: int
    gop_ms: int


H264_AAC = Stream(("h264", "aac"), 25, 1000)
H265_PCMA = Stream(("hevc", "aac"), 25, 1000)
"""G.711 arrives as AAC."""


async def expect_live(person: Person, camera: str, stream: Stream) -> None:
    """The live playlist is of now, goes on with the wall clock, and every picture and sound of it decodes."""
    url = await person.live_url(camera)
    first = await person.live_playlist(url)
    assert not first.ended
    played = await play(url, seconds=8)
    _expect_all(played, stream, played.length_s + 1 / stream.frame_rate)

    asked_ms = now_ms()
    second = await person.live_playlist(url)
    assert second.segments[-1].number > first.segments[-1].number
    for playlist in (first, second):
        _expect_seamless(playlist)
        assert all(one.duration_ms <= playlist.target_duration_s * 1000 + 500 for one in playlist.segments)
    assert asked_ms - second.target_duration_s * 1000 - ON_ITS_WAY_MS < second.end_ms < now_ms() + 100
    expect_same_numbers(first, second)


async def expect_window(person: Person, camera: str, stream: Stream, start_ms: float, end_ms: float) -> None:
    """[start, end) plays in full: from the key frame before it to the fragment that holds its end."""
    newest_ms = now_ms() - ON_ITS_WAY_MS
    playlist = await person.vod_playlist(camera, start_ms, end_ms)
    assert playlist.ended
    assert playlist.discontinuities == 0
    assert start_ms - stream.gop_ms - 100 <= playlist.start_ms <= start_ms
    assert min(end_ms, newest_ms) <= playlist.end_ms <= end_ms + FRAGMENT_MS
    _expect_seamless(playlist)
    assert playlist.duration_ms == pytest.approx(playlist.end_ms - playlist.start_ms, abs=5)

    played = await play(await person.vod_url(camera, start_ms, end_ms))
    expected_s = playlist.duration_ms / 1000
    if playlist.end_ms < end_ms:  # the player asked later, when there was more of it
        longest_s = (end_ms + FRAGMENT_MS - playlist.start_ms) / 1000
        assert expected_s - 0.05 <= played.length_s + 1 / stream.frame_rate <= longest_s
        expected_s = played.length_s + 1 / stream.frame_rate
    _expect_all(played, stream, expected_s)


def expect_same_numbers(before: MediaPlaylist, after: MediaPlaylist) -> None:
    """A segment that both playlists list has the same number in both, and numbers go up (RFC 8216, 6.2.1)."""
    starts = {segment.number: segment.start_ms for segment in before.segments}
    numbers = {segment.start_ms: segment.number for segment in before.segments}
    for segment in after.segments:
        assert starts.get(segment.number, segment.start_ms) == segment.start_ms
        assert numbers.get(segment.start_ms, segment.number) == segment.number
    assert after.segments[0].number >= before.segments[0].number
    assert after.segments[-1].number >= before.segments[-1].number


def _expect_seamless(playlist: MediaPlaylist) -> None:
    for segment, following in zip(playlist.segments, playlist.segments[1:], strict=False):
        assert following.start_ms == pytest.approx(segment.end_ms, abs=5)


def _expect_all(played: Played, stream: Stream, duration_s: float) -> None:
    assert tuple(played.codecs) == stream.codecs
    expect_every_picture(played, stream.frame_rate, duration_s)
    if "aac" in stream.codecs:
        expect_sound_throughout(played)
