"""The past straight from a real bucket, by URLs that end."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import m3u8
import pytest

from tests.parts.minio import MinioServer
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.forging import Forge, auths_key
from tests.rpc.gateway.ingest import SpoolFile
from tests.rpc.gateway.site import Site, run_site
from tests.rpc.gateway.test_archive import decode, rfc3339
from tests.waiting import eventually

LIFE_S = 5


@pytest.fixture
async def bucketed(tmp_path: Path, minio_server: MinioServer, minio_bucket: str) -> AsyncIterator[Site]:
    """A gateway whose store is a bucket, and that may give out URLs of it."""
    async with run_site(
        tmp_path,
        store=minio_server.store(minio_bucket),
        archive_presign=True,
        archive_presign_seconds=LIFE_S,
    ) as running:
        yield running


async def recorded(site: Site, minio: MinioServer, bucket: str) -> int:
    """A camera with three objects of twelve seconds in the bucket and one in the spool: when it begins."""
    uid = await site.add_camera("gate")
    start_ms = site.clock.now_ms() - 120_000
    footage = session(start_ms, 48)
    for begin_ms in range(start_ms, start_ms + 48_000, 12_000):
        file = site.spool(uid, footage.init, footage.between(begin_ms, begin_ms + 12_000))
        if begin_ms < start_ms + 36_000:
            await asyncio.to_thread(put, minio, bucket, file)
            await site.commit(uid, file)
    return start_ms


def put(minio: MinioServer, bucket: str, file: SpoolFile) -> None:
    minio.client().put_object(
        bucket_name=bucket, object_name=file.listing.key, data=io.BytesIO(file.data), length=len(file.data)
    )


async def load(http: aiohttp.ClientSession, segment: m3u8.Segment) -> tuple[int, bytes]:
    size, offset = map(int, segment.byterange.split("@"))
    headers = {"Range": f"bytes={offset}-{offset + size - 1}"}
    async with http.get(segment.uri, headers=headers) as response:
        return response.status, await response.read()


async def test_segments_are_ranges_of_objects_inside_the_window_and_end(
    bucketed: Site, minio_server: MinioServer, minio_bucket: str
) -> None:
    site = bucketed
    start_ms = await recorded(site, minio_server, minio_bucket)
    window = {"start": rfc3339(start_ms + 5_000), "end": rfc3339(start_ms + 48_000)}
    ticket = await site.ticket("gate", action="playback", **window)
    status, body = await site.get(f"/hls/{ticket}/vod.m3u8?direct=1")
    assert status == 200, body
    direct = m3u8.loads(body.decode())
    here = m3u8.loads((await site.get(f"/hls/{ticket}/vod.m3u8"))[1].decode())
    assert [one.duration for one in direct.segments] == [one.duration for one in here.segments]
    # The first object reaches out of the window, and the last one is in no bucket yet.
    places = [urlsplit(one.uri).netloc for one in direct.segments]
    bucket = urlsplit(minio_server.endpoint).netloc
    assert places == ["", "", *[bucket] * 4, "", ""]
    async with aiohttp.ClientSession() as http:
        for one, other in zip(direct.segments[2:6], here.segments[2:6], strict=True):
            query = parse_qs(urlsplit(one.uri).query)
            assert int(query["X-Amz-Expires"][0]) == LIFE_S
            _, expected = await site.get(f"/hls/{ticket}/{other.uri}")
            assert await load(http, one) == (206, expected)
        times = await asyncio.to_thread(decode, f"{site.url}/hls/{ticket}/vod.m3u8?direct=1")
        assert len(times) == 44 * 25  # from the key frame before

        async def over() -> bool:
            return (await load(http, direct.segments[2]))[0] == 403

        await eventually(over, timeout_s=LIFE_S + 10)


async def test_pictures_with_a_mark_or_without_sound_do_not_leave_the_gateway(
    bucketed: Site, minio_server: MinioServer, minio_bucket: str
) -> None:
    site = bucketed
    start_ms = await recorded(site, minio_server, minio_bucket)
    window = {"start": rfc3339(start_ms), "end": rfc3339(start_ms + 48_000)}
    ticket = await site.ticket("gate", action="playback", **window)
    async with auths_key(site) as key:
        bound = [Forge(ticket, key).with_claims(obl=[one]) for one in ("silent", "watermark")]
    for one in bound:
        status, answer = await site.call("GET", f"/hls/{one}/vod.m3u8?direct=1")
        assert (status, answer["code"]) == (403, "vod.no_direct")
        assert (await site.get(f"/hls/{one}/vod.m3u8"))[0] == 200
    status, answer = await site.call("GET", f"/hls/{ticket}/vod.m3u8?direct=yes")
    assert (status, answer["field"]) == (400, "direct")


async def test_a_site_gives_no_urls_out_unless_it_is_told_to(site: Site) -> None:
    uid = await site.add_camera("gate")
    footage = session(site.clock.now_ms() - 60_000, 12)
    site.spool(uid, footage.init, footage.fragments)
    window = {
        "start": rfc3339(footage.fragments[0].start_ms),
        "end": rfc3339(footage.fragments[-1].end_ms),
    }
    ticket = await site.ticket("gate", action="playback", **window)
    status, answer = await site.call("GET", f"/hls/{ticket}/vod.m3u8?direct=1")
    assert (status, answer["code"], answer["field"]) == (400, "vod.no_direct", "direct")
    assert b"X-Amz" not in (await site.get(f"/hls/{ticket}/vod.m3u8"))[1]
