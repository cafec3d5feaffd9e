"""From the last hour up to now in one playlist that grows."""

import asyncio
from dataclasses import dataclass
from itertools import pairwise

import av
import m3u8

from services.gateway.archive.grid import CELL_MS, ERA_CELLS
from snowlight.api.auth.v1 import revocation_pb2
from tests.rpc.gateway.footage import Session, session
from tests.rpc.gateway.ingest import SpoolFile
from tests.rpc.gateway.site import Site
from tests.rpc.gateway.test_archive import rfc3339
from tests.waiting import eventually

MINUTE_MS = 60_000


@dataclass
class Growing:
    """A camera that recorded twelve seconds some time ago, and records on."""

    site: Site
    uid: str
    earlier: Session
    now: Session
    ticket: str
    end_ms: int
    """Of the ticket's window."""
    file: SpoolFile | None = None

    def record(self, seconds: float) -> None:
        """The spool's file has so much by now."""
        if self.file is not None:
            self.site.ingest.pictures.spool[self.uid].remove(self.file)
        start_ms = self.now.fragments[0].start_ms
        self.file = self.site.spool(
            self.uid, self.now.init, self.now.between(start_ms, start_ms + round(seconds * 1000))
        )

    async def text(self, query: str = "") -> str:
        async with self.site.http.get(f"/hls/{self.ticket}/dvr.m3u8{query}") as response:
            assert response.status == 200, await response.text()
            return await response.text()

    async def status(self, query: str) -> tuple[int, str]:
        status, answer = await self.site.call("GET", f"/hls/{self.ticket}/dvr.m3u8{query}")
        return status, answer["code"]


async def growing(site: Site, *, seconds: int = 24, ends_in_ms: int = 60 * MINUTE_MS) -> Growing:
    uid = await site.add_camera("gate")
    now_ms = site.clock.now_ms()
    earlier, now = session(now_ms - 5 * MINUTE_MS, 12), session(now_ms - seconds * 1000 - 1_000, seconds)
    await site.commit(uid, site.spool(uid, earlier.init, earlier.fragments))
    window = {"start": rfc3339(now_ms - 60 * MINUTE_MS), "end": rfc3339(now_ms + ends_in_ms)}
    ticket = await site.ticket("gate", action="playback", **window)
    return Growing(site, uid, earlier, now, ticket, now_ms + ends_in_ms)


def numbers(playlist: m3u8.M3U8) -> list[tuple[int, str]]:
    """What has pictures, by media sequence number."""
    return [
        (playlist.media_sequence + place, segment.uri)
        for place, segment in enumerate(playlist.segments)
        if not segment.gap_tag
    ]


def reached(playlist: m3u8.M3U8) -> int:
    return int(playlist.media_sequence) + len(playlist.segments) - 1


async def test_it_grows_and_renumbers_nothing_at_any_gateway(site: Site) -> None:
    camera = await growing(site)
    camera.record(12)
    first = m3u8.loads(await camera.text())
    assert not first.is_endlist
    assert first.media_sequence == camera.earlier.fragments[0].start_ms // CELL_MS
    assert sum(segment.discontinuity for segment in first.segments) == 1
    listed = numbers(first)
    assert int(listed[0][1].removeprefix("vod/").split("-")[0]) == camera.earlier.fragments[0].start_ms
    camera.record(24)

    async def grown() -> bool:
        return len(numbers(m3u8.loads(await camera.text()))) > len(listed)

    await eventually(grown)
    text = await camera.text()
    again = numbers(m3u8.loads(text))
    assert again[: len(listed)] == listed
    async with site.another_gateway() as url:

        async def same() -> bool:  # once it knows the cameras
            async with site.http.get(f"{url}/hls/{camera.ticket}/dvr.m3u8") as response:
                return await response.text() == text

        await eventually(same)
    times = [segment.program_date_time for segment in m3u8.loads(text).segments if segment.program_date_time]
    assert all(before < after for before, after in pairwise(times))
    last = int(again[-1][1].removeprefix("vod/").split("-")[0])
    assert site.clock.now_ms() - last < 15_000
    frames, end_s = await asyncio.to_thread(played, f"{site.url}/hls/{camera.ticket}/dvr.m3u8", 25 * 25)
    assert (frames, end_s > 12) == (25 * 25, True)


async def test_its_multivariant_playlist_tells_the_codecs_and_names_it(site: Site) -> None:
    camera = await growing(site)
    status, body = await site.get(f"/hls/{camera.ticket}/past.m3u8")
    assert status == 200, body
    (variant,) = m3u8.loads(body.decode()).playlists
    assert variant.uri == "dvr.m3u8"
    assert variant.stream_info.codecs == "avc1.42c00b"
    assert variant.stream_info.bandwidth >= variant.stream_info.average_bandwidth > 0
    ends_soon = await site.ticket("gate", action="live")
    assert (await site.get(f"/hls/{ends_soon}/past.m3u8"))[0] == 403


async def test_a_segment_is_listed_with_the_fragment_after_it(site: Site) -> None:
    camera = await growing(site)
    starts = [fragment.start_ms for fragment in camera.now.fragments]
    waits = (starts[0] + 12_000) // CELL_MS % ERA_CELLS == ERA_CELLS - 1  # an era's last cell
    key_s = 14 if waits else 12
    camera.record(key_s + 0.5)
    start, count = numbers(m3u8.loads(await camera.text()))[-1][1].removesuffix(".m4s").split("-")
    assert starts[starts.index(int(start.removeprefix("vod/"))) + int(count)] == starts[0] + 1000 * key_s


async def test_a_reload_waits_for_the_segment_it_names(site: Site) -> None:
    camera = await growing(site)
    camera.record(12)
    newest = reached(m3u8.loads(await camera.text()))
    waiting = asyncio.create_task(camera.text(f"?_HLS_msn={newest + 2}"))
    assert reached(m3u8.loads(await camera.text(f"?_HLS_msn={newest}"))) == newest
    assert not waiting.done()
    camera.record(24)
    assert reached(m3u8.loads(await waiting)) >= newest + 2
    newest = reached(m3u8.loads(await camera.text()))
    for query, code in (
        (f"_HLS_msn={newest + 3}", "live.too_far_ahead"),
        ("_HLS_msn=soon", "request.invalid"),
        ("_HLS_part=1", "request.invalid"),
        ("_HLS_skip=NO", "request.invalid"),
    ):
        assert await camera.status(f"?{query}") == (400, code)


async def test_nothing_is_shown_to_whose_right_ends_while_they_wait(site: Site) -> None:
    camera = await growing(site)
    camera.record(12)
    newest = reached(m3u8.loads(await camera.text()))
    waiting = asyncio.create_task(camera.status(f"?_HLS_msn={newest + 1}"))
    await asyncio.sleep(0)
    await site.revoke(revocation_pb2.PRINCIPAL, await site.principal("chen"))
    camera.record(24)
    assert await waiting == (403, "ticket.revoked")


async def test_a_delta_update_and_what_one_has_make_the_whole(site: Site) -> None:
    camera = await growing(site, seconds=60)
    camera.record(60)
    whole = (await camera.text()).splitlines()
    for value in ("YES", "v2"):
        delta = (await camera.text(f"?_HLS_skip={value}")).splitlines()
        (skip,) = [line for line in delta if line.startswith("#EXT-X-SKIP:")]
        at, skipped = delta.index(skip), int(skip.partition("=")[2])
        assert delta[:at] == whole[:at]
        rest = delta[at + 1 :]
        assert rest == whole[-len(rest) :]
        left = [line for line in whole[: -len(rest)] if not line.startswith("#")]
        assert len(left) == skipped > 0
        kept = m3u8.loads("\n".join([*delta[:at], *rest]))
        assert sum(segment.duration for segment in kept.segments) >= 6 * kept.target_duration


async def test_it_ends_where_the_window_does(site: Site) -> None:
    camera = await growing(site, ends_in_ms=-10_000)
    camera.record(24)
    playlist = m3u8.loads(await camera.text())
    assert playlist.is_endlist
    start, count = numbers(playlist)[-1][1].removeprefix("vod/").removesuffix(".m4s").split("-")
    starts = [fragment.start_ms for fragment in camera.now.fragments]
    last = starts.index(int(start)) + int(count) - 1
    assert starts[last] < camera.end_ms <= camera.now.fragments[last].end_ms
    for segment in playlist.segments:
        status, _ = await site.get(f"/hls/{camera.ticket}/{segment.uri}")
        assert status == (404 if segment.gap_tag else 200)


async def test_a_camera_that_is_away_leaves_empty_cells_and_comes_back(site: Site) -> None:
    camera = await growing(site)
    camera.record(12)
    newest = reached(m3u8.loads(await camera.text()))
    await site.pass_time(60)
    away = m3u8.loads(await camera.text())
    assert reached(away) >= newest + 10
    start, count = numbers(away)[-1][1].removeprefix("vod/").removesuffix(".m4s").split("-")
    shown = [fragment.start_ms for fragment in camera.now.fragments if fragment.start_ms >= int(start)]
    assert camera.now.fragments[0].start_ms + 12_000 == shown[int(count)]  # up to where it went away
    assert away.segments[-1].gap_tag
    back = session(site.clock.now_ms() - 12_000, 12)
    site.spool(camera.uid, back.init, back.fragments)

    async def seen() -> bool:
        return len(numbers(m3u8.loads(await camera.text()))) > len(numbers(away))

    await eventually(seen)
    assert numbers(m3u8.loads(await camera.text()))[: len(numbers(away))] == numbers(away)


def played(url: str, frames: int) -> tuple[int, float]:
    """Plays from the start of the playlist on: how many pictures came, and the last one's time."""
    count, last_s = 0, 0.0
    with av.open(url, timeout=20, options={"live_start_index": "0"}) as container:
        for frame in container.decode(video=0):
            count, last_s = count + 1, max(last_s, frame.time)
            if count == frames:
                break
    return count, last_s
