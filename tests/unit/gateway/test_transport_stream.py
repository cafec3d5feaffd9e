"""Segments that a player of transport streams takes one behind the other, with no fault at their borders."""

from __future__ import annotations

import io
from itertools import groupby, pairwise
from typing import Any

import av
import pytest

from services.gateway.transport_stream.playlist import size_at_most
from services.gateway.transport_stream.remux import remux
from snowlight.errors import DataLossError
from snowlight.media.fragment import Fragment
from tests.parts.transport_stream import AAC, H264, Player, adts_frames
from tests.rpc.gateway.footage import session
from tests.unit.media.feed import Feed, MuxSession
from tests.unit.media.samples import clip, sound

PICTURE = 90_000 // 25


def filmed(
    *, seconds: float = 8, gop: int = 50, b_frames: int = 0, heard: bool = True, interval_ms: int = 40
) -> MuxSession:
    """What ingest makes of a camera with G.711."""
    feed = Feed()
    pictures = clip(seconds=seconds, gop=gop, b_frames=b_frames)
    tone = sound("pcma", seconds=seconds * interval_ms / 40) if heard else None
    feed.stream.on_tracks(pictures.video, tone.track if tone else None)
    feed.play(pictures, tone, interval_ms=interval_ms)
    feed.stream.finish()
    return feed.session


def segments(fragments: list[Fragment]) -> list[bytes]:
    """The fragments of each segment."""
    return [
        b"".join(fragment.data for fragment in members)
        for _, members in groupby(fragments, key=lambda fragment: fragment.segment)
    ]


def streams(footage: MuxSession, *, silent: bool = False) -> list[bytes]:
    return [remux(footage.init.data, data, silent=silent) for data in segments(footage.fragments)]


def packets(footage: MuxSession, kind: str) -> list[Any]:
    with footage.open() as container:
        track = (container.streams.video if kind == "video" else container.streams.audio)[0]
        return [packet for packet in container.demux(track) if packet.size]


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_session_plays_on_from_segment_to_segment(b_frames: int) -> None:
    footage = filmed(b_frames=b_frames)
    player = Player()
    made = streams(footage)
    assert len(made) > 3
    for segment in made:
        player.take(segment)
    assert sorted(player.types.values()) == sorted([H264, AAC])
    pictures = player.units[H264]
    mine = packets(footage, "video")
    assert len(pictures) == len(mine)
    shift = pictures[0].dts - (mine[0].dts or 0)
    assert [(unit.pts - shift, unit.dts - shift) for unit in pictures] == [(one.pts, one.dts) for one in mine]
    heard = [frame for unit in player.units[AAC] for frame in adts_frames(unit.data)]
    assert heard == [bytes(packet) for packet in packets(footage, "audio")]


def test_a_segment_within_a_long_group_of_pictures_plays_on() -> None:
    footage = filmed(seconds=16, gop=400)
    player = Player()
    made = streams(footage)
    assert len(made) > 1
    for number, segment in enumerate(made):
        player.take(segment, independent=number == 0)
    assert len(player.units[H264]) == 400


def test_a_segment_may_follow_any_other() -> None:
    made = streams(filmed())
    player = Player()
    for number in (2, 0, 3, 3, 1):
        player.take(made[number], jump=True)


def test_sound_keeps_its_distance_from_the_pictures() -> None:
    footage = filmed()
    player = Player()
    for segment in streams(footage):
        player.take(segment)
    first_heard, first_seen = packets(footage, "audio")[0], packets(footage, "video")[0]
    assert first_heard.time_base is not None
    apart = round((first_heard.pts or 0) * first_heard.time_base * 90_000) - (first_seen.pts or 0)
    assert abs(player.units[AAC][0].pts - player.units[H264][0].pts - apart) <= 1


def test_the_clock_goes_on_where_pictures_are_seconds_apart() -> None:
    player = Player()
    for segment in streams(filmed(seconds=1, gop=5, interval_ms=1000, heard=False)):
        player.take(segment)
    times = [unit.pts for unit in player.units[H264]]
    assert {after - before for before, after in pairwise(times)} == {90_000}


def test_a_few_bytes_a_picture_fill_segments_too() -> None:
    footage = session(1_790_000_000_000, 8)
    player = Player()
    for data in segments(footage.fragments):
        player.take(remux(footage.init.data, data, silent=False))
    assert len(player.units[H264]) == 200


def test_without_sound_nothing_is_left_of_it() -> None:
    footage = filmed()
    player = Player()
    for segment in streams(footage, silent=True):
        player.take(segment)
    assert set(player.types.values()) == {H264}
    assert len(player.units[H264]) == len(packets(footage, "video"))


def test_time_goes_on_where_its_33_bits_begin_anew() -> None:
    footage = filmed()
    player = Player()
    for data in segments(footage.fragments):
        player.take(remux(footage.init.data, later(data, seconds=(1 << 33) // 90_000 - 5), silent=False))
    times = [unit.pts for unit in player.units[H264]]
    assert times[0] < 1 << 33 < times[-1]
    assert {after - before for before, after in pairwise(times)} == {PICTURE}


def later(data: bytes, *, seconds: int) -> bytes:
    """The fragments of a session that has run for so much longer."""
    changed, at = bytearray(data), -1
    while (at := data.find(b"tfdt", at + 1)) >= 0:
        track = data.rfind(b"tfhd", 0, at) + 8
        rate = 90_000 if int.from_bytes(data[track : track + 4]) == 1 else 8_000
        time = int.from_bytes(data[at + 8 : at + 16]) + seconds * rate
        changed[at + 8 : at + 16] = time.to_bytes(8)
    return bytes(changed)


def test_a_foreign_player_finds_no_fault_in_segments_put_together() -> None:
    footage = filmed()
    file = io.BytesIO(b"".join(streams(footage)))
    level = av.logging.get_level()
    av.logging.set_level(av.logging.WARNING)
    try:
        with av.logging.Capture() as said, av.open(file, "r", format="mpegts") as container:
            shown = sum(isinstance(frame, av.VideoFrame) for frame in container.decode())
    finally:
        av.logging.set_level(level)
    assert shown == len(packets(footage, "video"))
    assert said == []


@pytest.mark.parametrize("heard", [True, False])
def test_a_segment_is_no_longer_than_its_playlist_says(heard: bool) -> None:
    footage = filmed(heard=heard)
    for data, stream in zip(segments(footage.fragments), streams(footage), strict=True):
        assert len(stream) <= size_at_most(len(data), 2_000)


@pytest.mark.parametrize("data", [b"", b"\x00\x00\x00\x08moof", b"x" * 5_000])
def test_what_is_no_footage_is_refused(data: bytes) -> None:
    with pytest.raises(DataLossError, match=r"ts\.unreadable"):
        remux(filmed().init.data, data, silent=False)
