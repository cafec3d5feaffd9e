"""Recorded footage over HTTP as H.264 of another size."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace

import av
import m3u8

from snowlight.instants import format_instant
from snowlight.media.fragment import Fragment
from tests.rpc.gateway.site import Site
from tests.unit.media.feed import MuxSession
from tests.unit.transcoding.footage import record


async def recorded(site: Site, footage: MuxSession) -> str:
    """`footage` in the store, a minute old, and the path to it of one who may see it."""
    ago_ms = site.clock.now_ms() - 60_000 - footage.fragments[0].start_ms
    footage.fragments = [replace(each, start_ms=each.start_ms + ago_ms) for each in footage.fragments]
    uid = await site.add_camera("gate")
    await site.commit(uid, site.spool(uid, footage.init, footage.fragments))
    window = {
        "start": format_instant(footage.fragments[0].start_ms),
        "end": format_instant(footage.fragments[-1].end_ms),
    }
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
