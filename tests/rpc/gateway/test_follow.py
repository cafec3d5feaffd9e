"""A client that knows nothing but URIs, as AVPlayer: no headers, no cookies, only what playlists name."""

from collections.abc import Iterator
from urllib.parse import urlencode, urljoin

import aiohttp
import m3u8

from tests.rpc.gateway.footage import session
from tests.rpc.gateway.site import Site
from tests.rpc.gateway.test_archive import rfc3339

KINDS = {b"ftyp": "init", b"moof": "segment", b"prft": "segment"}


def named(playlist: m3u8.M3U8) -> Iterator[str]:
    """All URIs but those of gaps, and of the part that is not there yet."""
    for variant in [*playlist.playlists, *playlist.iframe_playlists]:
        yield variant.uri
    for segment in playlist.segments:
        if not segment.gap_tag:
            yield from (part.uri for part in segment.parts)
            if segment.uri:  # else only its first parts are there
                yield from (segment.init_section.uri, segment.uri)


async def follow(url: str) -> dict[str, str]:
    """What lies behind a URL and all that it leads to: playlist, init or segment."""
    found: dict[str, str] = {}
    waiting = [url]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        while waiting:
            url = waiting.pop()
            if url in found:
                continue
            skip = {"User-Agent", "Accept", "Accept-Encoding"}
            async with http.get(url, skip_auto_headers=skip) as response:
                body = await response.read()
                assert response.status == 200, (url.rpartition("/")[2], body)
            if body.startswith(b"#EXTM3U"):
                found[url] = "playlist"
                waiting += [urljoin(url, uri) for uri in named(m3u8.loads(body.decode()))]
            else:
                found[url] = KINDS[body[4:8]]
    return found


def counted(found: dict[str, str]) -> tuple[int, int, int]:
    kinds = list(found.values())
    return kinds.count("playlist"), kinds.count("init"), kinds.count("segment")


async def test_every_uri_of_the_past_leads_somewhere(site: Site) -> None:
    uid = await site.add_camera("gate")
    now_ms = site.clock.now_ms()
    earlier, later = session(now_ms - 120_000, 24), session(now_ms - 25_000, 24)
    await site.commit(uid, site.spool(uid, earlier.init, earlier.fragments))
    site.spool(uid, later.init, later.fragments)
    start_ms = earlier.fragments[0].start_ms
    window = {"start": rfc3339(start_ms), "end": rfc3339(now_ms + 60_000)}
    ticket = await site.ticket("gate", action="playback", **window)
    base = f"{site.url}/hls/{ticket}"
    # Segments of six seconds, key frames of two; two sessions, and init sections for their key frames.
    assert counted(await follow(f"{base}/archive.m3u8")) == (3, 4, 8 + 24)
    part = urlencode({"start": rfc3339(start_ms + 7_000), "end": rfc3339(start_ms + 9_000), "gaps": "show"})
    assert counted(await follow(f"{base}/archive.m3u8?{part}")) == (3, 2, 1 + 2)
    dvr = await follow(f"{base}/dvr.m3u8")
    assert counted(dvr)[:2] == (1, 2)
    assert counted(dvr)[2] >= 20


async def test_every_uri_of_live_leads_somewhere(site: Site) -> None:
    uid = await site.add_camera("gate")
    footage = session(site.clock.now_ms() - 12_000, 12)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    ticket = await site.ticket("gate", action="live")
    playlists, inits, parts = counted(await follow(f"{site.url}/hls/{ticket}/live.m3u8"))
    assert (playlists, inits) == (2, 1)
    assert parts >= 5 + 12
