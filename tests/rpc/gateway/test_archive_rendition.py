"""Recorded footage over HTTP as H.264 of another size."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace

import av
import m3u8

from snowlight.instants import format_instant
from snowlight.media.description import describe
from snowlight.media.fragment import Fragment
from tests.rpc.gateway.site import Site
from tests.unit.media.feed import MuxSession
from tests.unit.transcoding.footage import record


async def recorded(site: Site, *footage: MuxSession) -> str:
    """`footage` in the store, a minute old, one after the other, and the path to it of one who may see it."""
    uid = await site.add_camera("gate")
    start_ms = end_ms = site.clock.now_ms() - 60_000
    for each in footage:
        ago_ms = end_ms - each.fragments[0].start_ms
        each.fragments = [replace(one, start_ms=one.start_ms + ago_ms) for one in each.fragments]
        await site.commit(uid, site.spool(uid, each.init, each.fragments))
        end_ms = each.fragments[-1].end_ms
    window = {"start": format_instant(start_ms), "end": format_instant(end_ms)}
    return f"/hls/{await site.ticket('gate', action='playback', **window)}/"


def shown(url: str) -> tuple[str, int, list[float]]:
    """Codec, lines, and when each picture is shown, by FFmpeg's player."""
    with av.open(url, timeout=60) as container:
        video = container.streams.video[0].codec_context
        times = [frame.time for frame in container.decode(video=0)]
        return video.name, video.height, times


async def test_h265_plays_as_h264_at_the_same_instants(site: Site) -> None:
    footage = record("h265", seconds=12, size=(640, 480))
    base = await recorded(site, footage)

    codec, lines, times = await asyncio.to_thread(shown, f"{site.url}{base}vod.m3u8?rendition=360p")

    assert (codec, lines) == ("h264", 360)
    assert [round((time - times[0]) * 25) for time in times] == list(range(12 * 25))


async def test_segments_are_those_of_the_source_and_each_plays_alone(site: Site) -> None:
    base = await recorded(site, record("h265", seconds=12, size=(640, 480)))
    own = m3u8.loads((await site.get(f"{base}vod.m3u8"))[1].decode())
    other = m3u8.loads((await site.get(f"{base}vod.m3u8?rendition=h264"))[1].decode())

    assert [each.uri.replace("vod/h264/", "vod/") for each in other.segments] == [
        each.uri for each in own.segments
    ]
    (init,) = other.segment_map
    status, head = await site.get(base + init.uri)
    assert status == 200
    for segment, of_source in zip(other.segments, own.segments, strict=True):
        _, data = await site.get(base + segment.uri)
        _, original = await site.get(base + of_source.uri)
        _, source_head = await site.get(base + own.segment_map[0].uri)
        assert _instants(head + data) == _instants(source_head + original)


async def listed(site: Site, base: str, query: str = "") -> list[m3u8.Playlist]:
    """The variants of the multivariant playlist, without key frames."""
    status, body = await site.get(f"{base}archive.m3u8{query}")
    assert status == 200, body
    return list(m3u8.loads(body.decode(), uri=site.url + base).playlists)


async def test_what_is_encoded_anew_is_listed_where_it_is_asked_for(site: Site) -> None:
    base = await recorded(site, record("h265", seconds=8, size=(640, 480), with_sound=True))
    assert [variant.uri for variant in await listed(site, base)] == ["vod.m3u8"]

    main, *rungs = await listed(site, base, "?ladder=1")

    assert (main.uri, main.stream_info.resolution, main.stream_info.frame_rate) == (
        "vod.m3u8",
        (640, 480),
        25,
    )
    assert main.stream_info.codecs.startswith("hvc1.")
    assert [(rung.uri, rung.stream_info.resolution) for rung in rungs] == [
        ("vod.m3u8?rendition=h264", (640, 480)),
        ("vod.m3u8?rendition=360p", (480, 360)),
    ]
    for rung in rungs:
        media = m3u8.loads((await site.get(base + rung.uri))[1].decode())
        _, init = await site.get(base + media.segment_map[0].uri)
        _, segment = await site.get(base + media.segments[0].uri)
        told, info = describe(init), rung.stream_info
        assert (told.width, told.height) == info.resolution
        (encoded, heard), (declared, sound) = told.codecs.split(","), info.codecs.split(",")
        assert (encoded[:-2], heard) == (declared[:-2], sound)
        assert int(encoded[-2:], 16) <= int(declared[-2:], 16), "no higher level than was declared"
        assert len(segment) * 8 / media.segments[0].duration <= info.bandwidth


async def test_a_range_has_the_rungs_that_all_of_it_has(site: Site) -> None:
    base = await recorded(site, record(seconds=4, size=(640, 480)), record("h265", seconds=4))

    main, *rungs = await listed(site, base, "?ladder=1&gaps=show")

    assert main.stream_info.resolution == (640, 480)
    assert [name[:4] for name in main.stream_info.codecs.split(",")] == ["avc1", "hvc1"]
    assert [rung.uri for rung in rungs] == ["vod.m3u8?gaps=show&rendition=h264"]
    media = m3u8.loads((await site.get(base + rungs[0].uri))[1].decode())
    pictures = []
    for segment in media.segments:
        _, init = await site.get(base + segment.init_section.uri)
        _, data = await site.get(base + segment.uri)
        pictures += _instants(init + data)
    assert len(pictures) == 8 * 25


async def test_small_h264_has_nothing_beside_it(site: Site) -> None:
    base = await recorded(site, record(seconds=4))
    assert [variant.uri for variant in await listed(site, base, "?ladder=1")] == ["vod.m3u8"]
    status, problem = await site.call("GET", f"{base}archive.m3u8?ladder=yes")
    assert (status, problem["code"], problem["field"]) == (400, "request.invalid", "ladder")


async def test_where_key_frames_are_too_far_apart_nothing_is_listed_that_would_break_off(site: Site) -> None:
    base = await recorded(site, record("h265", seconds=16, gop=16 * 25))
    assert [variant.uri for variant in await listed(site, base, "?ladder=1")] == ["vod.m3u8"]


def _instants(data: bytes) -> list[int | None]:
    with av.open(io.BytesIO(data), "r", format="mp4") as movie:
        return [frame.pts for frame in movie.decode(video=0)]


async def test_what_cannot_be_had_is_told_with_the_reason(site: Site) -> None:
    footage = record(seconds=4)
    base = await recorded(site, footage)
    first: Fragment = footage.fragments[0]
    for path, status, code in (
        ("vod.m3u8?rendition=720p", 404, "transcode.no_rung"),
        ("vod.m3u8?rendition=4k", 400, "request.invalid"),
        (f"vod/4k/{first.start_ms}-1.m4s", 404, "vod.unknown_part"),
        (f"vod/h264/{footage.fragments[1].start_ms}-1.m4s", 412, "rendition.no_key_frame"),
        (f"vod/h264/{first.start_ms - 1}-1.m4s", 403, "ticket.outside_window"),
    ):
        answer, problem = await site.call("GET", base + path)
        assert (answer, problem["code"]) == (status, code), path
