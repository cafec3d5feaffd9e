"""The multivariant playlist of a range, its key frames, and the sound that a ticket may not have."""

import asyncio
import io
import re
from itertools import pairwise

import av
import m3u8

from tests.rpc.gateway.footage import session
from tests.rpc.gateway.forging import Forge, auths_key
from tests.rpc.gateway.site import Site
from tests.rpc.gateway.test_archive import Recorded, record, rfc3339
from tests.unit.media.feed import Feed, MuxSession
from tests.unit.media.samples import clip, sound


async def read(site: Site, path: str) -> str:
    status, body = await site.get(path)
    assert status == 200, body
    return body.decode()


async def keys(recorded: Recorded, query: str = "") -> m3u8.M3U8:
    return m3u8.loads(
        await read(recorded.site, f"/hls/{recorded.ticket}/vod.iframes.m3u8{query}"),
        uri=f"{recorded.site.url}/hls/{recorded.ticket}/vod.iframes.m3u8",
    )


def with_sound(start_ms: int) -> MuxSession:
    feed = Feed()
    feed.clock.ms = start_ms
    pictures, heard = clip(seconds=8), sound("pcma", seconds=8)
    feed.stream.on_tracks(pictures.video, heard.track)
    feed.play(pictures, heard)
    feed.stream.finish()
    return feed.session


async def test_the_multivariant_playlist_tells_what_a_player_must_know(site: Site) -> None:
    recorded = await record(site, gap_ms=20_000)
    start, end = rfc3339(recorded.start_ms + 1_000), rfc3339(recorded.end_ms)
    async with site.http.get(
        f"/hls/{recorded.ticket}/archive.m3u8", params={"start": start, "end": end, "gaps": "show"}
    ) as response:
        text = await response.text()
    archive = m3u8.loads(text, uri=f"{site.url}/hls/{recorded.ticket}/archive.m3u8")
    (variant,), (frames,) = archive.playlists, archive.iframe_playlists
    assert variant.stream_info.codecs == frames.iframe_stream_info.codecs == "avc1.42c00b"
    assert 0 < variant.stream_info.average_bandwidth <= variant.stream_info.bandwidth
    assert "gaps=show" in variant.uri
    for uri in (variant.absolute_uri, frames.absolute_uri):
        media = m3u8.loads(await read(site, uri.removeprefix(site.url)))
        times = [segment.program_date_time for segment in media.segments if segment.program_date_time]
        assert times[0].timestamp() == recorded.start_ms / 1000  # the key frame before
        assert "#EXT-X-GAP" in media.dumps()
        assert media.target_duration >= max(round(segment.duration) for segment in media.segments)


async def test_codecs_are_all_that_the_range_has(site: Site) -> None:
    uid = await site.add_camera("gate")
    start_ms = site.clock.now_ms() - 60_000
    silent, loud = session(start_ms, 12), with_sound(start_ms + 20_000)
    for each in (silent, loud):
        site.spool(uid, each.init, each.fragments)
    ticket = await site.ticket(
        "gate", action="playback", start=rfc3339(start_ms), end=rfc3339(start_ms + 60_000)
    )
    archive = m3u8.loads(await read(site, f"/hls/{ticket}/archive.m3u8"))
    pictures = f"avc1.42c00b,{loud.init.codecs.split(',')[0]}"
    assert archive.playlists[0].stream_info.codecs == f"{pictures},mp4a.40.2"
    assert archive.iframe_playlists[0].iframe_stream_info.codecs == pictures


async def test_each_key_frame_is_one_picture_and_the_playlist_plays(site: Site) -> None:
    recorded = await record(site, gap_ms=20_000)
    playlist = await keys(recorded)
    assert playlist.is_i_frames_only
    assert [segment.duration for segment in playlist.segments] == [2.0] * 12
    assert [segment.discontinuity for segment in playlist.segments].index(True) == 6
    instants = [fragment.start_ms for fragment in recorded.footage.fragments if fragment.independent]
    assert [segment.uri for segment in playlist.segments] == [f"vod/key-{at}.m4s" for at in instants]
    for segment in playlist.segments:
        _, init = await site.get(segment.init_section.absolute_uri.removeprefix(site.url))
        status, data = await site.get(segment.absolute_uri.removeprefix(site.url))
        assert status == 200
        (frame,) = await asyncio.to_thread(decoded, init + data)
        assert frame.key_frame
        assert len(data) < 10_000
    times = await asyncio.to_thread(played, f"{site.url}/hls/{recorded.ticket}/vod.iframes.m3u8")
    assert len(times) >= 11  # FFmpeg drops the first one after media time jumped back
    assert {round(after - before) for before, after in pairwise(times[:6])} == {2}


async def test_other_fragments_and_other_windows_have_no_key_frame(site: Site) -> None:
    recorded = await record(site)
    start_ms = recorded.start_ms
    assert (await site.get(f"/hls/{recorded.ticket}/vod/key-{start_ms + 480}.m4s"))[0] == 404
    assert (await site.get(f"/hls/{recorded.ticket}/vod/key-x.m4s"))[0] == 404
    window = {"start": rfc3339(start_ms + 5_000), "end": rfc3339(start_ms + 7_000)}
    ticket = await site.ticket("gate", action="playback", **window)
    answers = [await site.get(f"/hls/{ticket}/vod/key-{start_ms + at}.m4s") for at in range(0, 10_000, 2_000)]
    assert [status for status, _ in answers] == [403, 403, 200, 200, 403]


async def test_a_ticket_without_sound_has_none_of_the_past_either(site: Site) -> None:
    uid = await site.add_camera("gate")
    footage = with_sound(site.clock.now_ms() - 60_000)
    start_ms, end_ms = footage.fragments[0].start_ms, footage.fragments[-1].end_ms
    site.spool(uid, footage.init, footage.fragments)
    heard = await site.ticket("gate", action="playback", start=rfc3339(start_ms), end=rfc3339(end_ms))
    async with auths_key(site) as key:
        quiet = Forge(heard, key).with_claims(obl=["silent"])
    for ticket, tracks in ((heard, ["video", "audio"]), (quiet, ["video"])):
        text = await read(site, f"/hls/{ticket}/archive.m3u8")
        (codecs,) = re.findall(r'STREAM-INF:BANDWIDTH.*CODECS="([^"]*)"\n', text)
        assert len(codecs.split(",")) == len(tracks)
        assert await asyncio.to_thread(streams, f"{site.url}/hls/{ticket}/vod.m3u8") == (tracks, 200)


def decoded(data: bytes) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(data), "r", format="mp4") as container:
        return list(container.decode(video=0))


def played(url: str) -> list[float]:
    with av.open(url, timeout=20) as container:
        return [frame.time for frame in container.decode(video=0)]


def streams(url: str) -> tuple[list[str], int]:
    """The tracks, and how many pictures there are."""
    with av.open(url, timeout=20) as container:
        return [stream.type for stream in container.streams], len(list(container.decode(video=0)))
