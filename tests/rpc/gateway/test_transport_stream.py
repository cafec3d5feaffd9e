"""Transport streams over HTTP, live and recorded, for a player that takes nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import av
import m3u8

from services.ingest.sources.source import VideoCodec
from snowlight.api.auth.v1 import revocation_pb2
from snowlight.instants import format_instant
from snowlight.media.fragment import Fragment, InitSection
from tests.parts.transport_stream import AAC, H264, Player
from tests.rpc.gateway.footage import Session, session
from tests.rpc.gateway.site import Site
from tests.unit.media.feed import Feed, MuxSession
from tests.unit.media.samples import clip, sound
from tests.waiting import eventually


def filmed(codec: VideoCodec = "h264") -> MuxSession:
    """Twelve seconds with G.711, as ingest makes them."""
    feed = Feed()
    pictures, heard = clip(codec, seconds=12), sound("pcma", seconds=12)
    feed.stream.on_tracks(pictures.video, heard.track)
    feed.play(pictures, heard)
    feed.stream.finish()
    return feed.session


async def listed(site: Site, path: str) -> m3u8.M3U8:
    status, body = await site.get(path)
    assert status == 200, body
    return m3u8.loads(body.decode())


async def play(site: Site, base: str, playlist: m3u8.M3U8) -> Player:
    """Every segment of a media playlist."""
    player = Player()
    for segment in playlist.segments:
        async with site.http.get(base + segment.uri) as response:
            assert response.status == 200, await response.text()
            assert response.content_type == "video/mp2t"
            player.take(await response.read(), jump=segment.discontinuity)
    return player


def decoded(url: str) -> list[float]:
    """When each picture of the playlist is shown, by FFmpeg's player."""
    with av.open(url, timeout=20) as container:
        return [frame.time for frame in container.decode(video=0)]


async def test_a_live_camera_plays_with_the_numbers_of_its_fragments(site: Site) -> None:
    uid = await site.add_camera("gate")
    footage = filmed()
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    base = f"/hls/{await site.ticket('gate', action='live')}/"
    variants = await listed(site, f"{base}live.ts.m3u8")
    (variant,) = variants.playlists
    assert variant.uri == "live/media.ts.m3u8"
    assert variant.stream_info.codecs == footage.init.codecs
    assert variant.stream_info.resolution == (320, 180)
    playlist = await listed(site, base + variant.uri)
    other = await listed(site, f"{base}live/media.m3u8")
    assert playlist.version == 3
    assert playlist.segment_map == []
    assert not playlist.part_inf
    assert not any(one.parts for one in playlist.segments)
    for name in ("media_sequence", "discontinuity_sequence", "target_duration"):
        assert getattr(playlist, name) == getattr(other, name), name
    whole = [one for one in other.segments if one.uri]  # what comes last are parts
    assert [one.uri for one in playlist.segments] == [one.uri.replace(".m4s", ".ts") for one in whole]
    for name in ("duration", "program_date_time"):
        assert [getattr(one, name) for one in playlist.segments] == [getattr(one, name) for one in whole]
    player = await play(site, f"{base}live/", playlist)
    assert sorted(player.types.values()) == sorted([H264, AAC])
    fragments = [one for one in footage.fragments if one.segment < footage.fragments[-1].segment]
    assert len(player.units[H264]) == pictures(footage.init, fragments)
    sizes = [len((await site.get(f"{base}live/{one.uri}"))[1]) for one in playlist.segments]
    peak = max(size * 8 / one.duration for size, one in zip(sizes, playlist.segments, strict=True))
    assert peak <= variant.stream_info.bandwidth <= 2 * peak


def pictures(init: InitSection, fragments: list[Fragment]) -> int:
    footage = MuxSession(init, fragments)
    with footage.open() as container:
        return sum(packet.size > 0 for packet in container.demux(video=0))


async def test_a_live_playlist_plays_in_ffmpeg(site: Site) -> None:
    uid = await site.add_camera("gate")
    footage = session(site.clock.now_ms() - 12_000, 14)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    ticket = await site.ticket("gate", action="live")

    def first_pictures() -> list[float]:
        with av.open(f"{site.url}/hls/{ticket}/live.ts.m3u8", timeout=20) as container:
            assert container.streams.video[0].codec_context.name == "h264"
            shown = container.decode(video=0)
            return [next(shown).time for _ in range(100)]

    times = await asyncio.to_thread(first_pictures)
    assert [round((time - times[0]) * 25) for time in times] == list(range(100))


async def test_a_new_session_is_a_discontinuity_with_its_number(site: Site) -> None:
    uid = await site.add_camera("gate")
    before = session(site.clock.now_ms() - 16_000, 8)
    number = before.fragments[-1].segment + 1
    after = session(site.clock.now_ms() - 8_000, 10, discontinuity_sequence=1)
    moved = [replace(one, segment=one.segment - after.init.session + number) for one in after.fragments]
    later = replace(after.init, session=number)
    ticket = await site.ticket("gate", action="live")
    await site.ingest.pictures.send(uid, before.init, *before.fragments)
    base = f"/hls/{ticket}/"
    await listed(site, f"{base}live.ts.m3u8")
    await site.ingest.pictures.send(uid, later, *moved)

    async def shows_both() -> bool:
        return len((await listed(site, f"{base}live/media.ts.m3u8")).segments) == 8

    await eventually(shows_both)
    playlist = await listed(site, f"{base}live/media.ts.m3u8")
    assert [one.discontinuity for one in playlist.segments] == [number == 4 for number in range(8)]
    assert playlist.discontinuity_sequence == 0
    player = await play(site, f"{base}live/", playlist)
    assert len(player.units[H264]) == 8 * 50


async def test_all_who_watch_get_one_segment_and_none_once_the_right_is_gone(site: Site) -> None:
    uid = await site.add_camera("gate")
    footage = session(site.clock.now_ms() - 12_000, 12)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    base = f"/hls/{await site.ticket('gate', action='live')}/live/"
    number = footage.init.session
    answers = await asyncio.gather(*(site.get(f"{base}{number}.ts") for _ in range(30)))
    assert {status for status, _ in answers} == {200}
    assert len({body for _, body in answers}) == 1
    for name in ("1.ts", "x.ts", "-1.ts", "else.ts"):
        assert (await site.get(base + name))[0] == 404, name
    await site.revoke(revocation_pb2.CAMERA, uid)

    async def refused() -> bool:
        return (await site.get(f"{base}{number}.ts"))[0] == 403

    await eventually(refused)
    assert (await site.get("/hls/live.ts"))[0] == 401


async def test_who_may_not_hear_gets_no_sound(site: Site) -> None:
    uid = await site.add_camera("square", ownership="PUBLIC", listed_for_residents=True)
    footage = filmed()
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    for username, types in (("resident", {H264}), ("chen", {H264, AAC})):
        base = f"/hls/{await site.ticket('square', username, action='live')}/"
        variants = await listed(site, f"{base}live.ts.m3u8")
        assert ("mp4a" in variants.playlists[0].stream_info.codecs) == (AAC in types)
        player = await play(site, f"{base}live/", await listed(site, f"{base}live/media.ts.m3u8"))
        assert set(player.types.values()) == types


async def recorded(site: Site, *sessions: Session | MuxSession) -> str:
    """A camera with these sessions, the first in the store; what a ticket for all of it opens."""
    uid = await site.add_camera("gate")
    for number, footage in enumerate(sessions):
        file = site.spool(uid, footage.init, footage.fragments)
        if not number:
            await site.commit(uid, file)
    start_ms, end_ms = sessions[0].fragments[0].start_ms, sessions[-1].fragments[-1].end_ms
    window = {"start": format_instant(start_ms), "end": format_instant(end_ms)}
    return f"/hls/{await site.ticket('gate', action='playback', **window)}/"


async def test_a_day_plays_across_store_and_spool_without_a_seam(site: Site) -> None:
    start_ms = site.clock.now_ms() - 60_000
    whole = session(start_ms, 24)
    halves = [Session(whole.init, whole.between(at, at + 12_000)) for at in (start_ms, start_ms + 12_000)]
    base = await recorded(site, *halves)
    playlist = await listed(site, f"{base}vod.ts.m3u8")
    other = await listed(site, f"{base}vod.m3u8")
    assert playlist.is_endlist
    assert playlist.version == 3
    assert [one.uri for one in playlist.segments] == [
        one.uri.replace(".m4s", ".ts") for one in other.segments
    ]
    assert not any(one.discontinuity for one in playlist.segments)
    player = await play(site, base, playlist)
    assert len(player.units[H264]) == 24 * 25
    times = await asyncio.to_thread(decoded, f"{site.url}{base}vod.ts.m3u8")
    assert [round((time - times[0]) * 25) for time in times] == list(range(24 * 25))
    start, end = format_instant(start_ms + 3_300), format_instant(start_ms + 9_100)
    part = await listed(site, f"{base}vod.ts.m3u8?start={start}&end={end}")
    assert part.segments[0].uri.startswith(f"vod/{start_ms + 2_000}-")


async def test_a_gap_is_a_discontinuity(site: Site) -> None:
    start_ms = site.clock.now_ms() - 90_000
    base = await recorded(site, session(start_ms, 12), session(start_ms + 40_000, 12))
    playlist = await listed(site, f"{base}vod.ts.m3u8")
    assert [one.discontinuity for one in playlist.segments] == [False, False, True, False]
    player = await play(site, base, playlist)
    assert len(player.units[H264]) == 24 * 25
    times = await asyncio.to_thread(decoded, f"{site.url}{base}vod.ts.m3u8")
    assert len(times) == 24 * 25


async def test_recorded_footage_opens_to_its_ticket_alone(site: Site) -> None:
    start_ms = site.clock.now_ms() - 60_000
    base = await recorded(site, session(start_ms, 12))
    for path, status in (
        (f"vod.ts.m3u8?start={format_instant(start_ms - 1)}&end={format_instant(start_ms + 1000)}", 403),
        ("vod.ts.m3u8?start=yesterday&end=2026-01-01T00:00:00Z", 400),
        (f"vod/{start_ms}-9999.ts", 404),
        (f"vod/{start_ms - 1}-1.ts", 403),
        ("vod/x-1.ts", 404),
        ("live.ts.m3u8", 403),
    ):
        assert (await site.get(base + path))[0] == status, path


async def test_what_transport_streams_do_not_carry_is_refused_and_told(site: Site) -> None:
    footage = filmed("h265")
    ago_ms = site.clock.now_ms() - 60_000 - footage.fragments[0].start_ms
    footage.fragments = [replace(one, start_ms=one.start_ms + ago_ms) for one in footage.fragments]
    base = await recorded(site, footage)
    start_ms, count = footage.fragments[0].start_ms, len(footage.fragments)
    for path in ("vod.ts.m3u8", f"vod/{start_ms}-{count}.ts"):
        status, problem = await site.call("GET", base + path)
        assert (status, problem["code"]) == (412, "ts.codec_unsupported"), path
        assert "H.265" in problem["detail"]
        assert "vod.m3u8" in problem["detail"]
    uid = await site.add_camera("door")
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    live = f"/hls/{await site.ticket('door', action='live')}/"
    for path in ("live.ts.m3u8", "live/media.ts.m3u8", f"live/{footage.fragments[0].segment}.ts"):
        status, problem = await site.call("GET", live + path)
        assert (status, problem["code"]) == (412, "ts.codec_unsupported"), path
        assert "live.m3u8" in problem["detail"]
