"""What a live playlist of transport streams lists, and how long its segments are kept."""

from __future__ import annotations

from dataclasses import replace

import m3u8
import pytest

from services.gateway.live.window import KEPT_BEYOND_LISTED, LISTED_SEGMENTS, LiveWindow
from services.gateway.transport_stream.live_streams import LiveStreams
from services.gateway.transport_stream.playlist import live_media_playlist, live_multivariant_playlist
from snowlight.errors import FailedPreconditionError
from snowlight.media.fragment import InitSection
from tests.rpc.gateway.footage import session
from tests.unit.gateway.numbered import filled, fragments, init

H265 = "hvc1.1.6.L93.B0"


def of(codecs: str, number: int, discontinuity_sequence: int = 0) -> InitSection:
    return replace(init(number, discontinuity_sequence), codecs=codecs)


async def test_a_stream_is_kept_as_long_as_its_fragments() -> None:
    kept = LISTED_SEGMENTS + KEPT_BEYOND_LISTED
    footage = session(1_790_000_000_000, 2 * (kept + 3))
    first, streams, window = footage.init.session, LiveStreams(), LiveWindow()
    window.add_init(footage.init)
    whole = 0
    for fragment in footage.fragments:
        if window.add_fragment(fragment):
            for silent in (False, True):
                segment = window.segment(first + whole)
                assert segment is not None
                await streams.take("gate", segment, silent=silent)
            del segment
            whole += 1
            assert len(streams) == 2 * min(whole, kept)
    assert whole > kept


def test_only_what_can_be_carried_since_the_camera_changed_is_listed() -> None:
    window = filled(
        of(H265, 100), *fragments(100, 2), of("avc1.64001f", 102, 1), *fragments(102, 3), of(H265, 105, 2)
    )
    playlist = m3u8.loads(live_media_playlist(window))
    assert [segment.uri for segment in playlist.segments] == ["102.ts", "103.ts", "104.ts"]
    assert (playlist.media_sequence, playlist.discontinuity_sequence) == (102, 1)
    assert not any(segment.discontinuity for segment in playlist.segments)
    for fragment in fragments(105, 2):
        window.add_fragment(fragment)
    for playlist_of in (live_media_playlist, live_multivariant_playlist):
        with pytest.raises(FailedPreconditionError, match=r"H\.265.*use live\.m3u8"):
            playlist_of(window)


def test_a_session_that_follows_another_is_a_discontinuity() -> None:
    window = filled(of("avc1.64001f", 100), *fragments(100, 2), of("avc1.640020", 102, 1), *fragments(102, 3))
    playlist = m3u8.loads(live_media_playlist(window))
    assert [one.discontinuity for one in playlist.segments] == [False, False, True, False]
    assert (playlist.version, playlist.discontinuity_sequence) == (3, 0)
