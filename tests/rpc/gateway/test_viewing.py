"""What is watched with a ticket goes on record, and one ticket is for few viewers."""

import asyncio
import socket
import threading
from dataclasses import replace
from typing import Any

import aiohttp
import av
import pytest
from yarl import URL

from snowlight.api.auth.v1 import revocation_pb2
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.site import Site, run_site
from tests.rpc.gateway.test_archive import rfc3339
from tests.waiting import eventually

TOO_MANY = (403, "ticket.too_many_viewers")


async def watched(site: Site) -> tuple[str, list[str]]:
    """A ticket for a camera with a picture, and the paths of its segments."""
    uid = await site.add_camera("gate")
    footage = session(site.clock.now_ms() - 12_000, 12)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    ticket = await site.ticket("gate", action="live", purpose="flood watch")
    _, body = await site.get(f"/hls/{ticket}/live/media.m3u8")
    names = [line for line in body.decode().splitlines() if line.endswith(".m4s")]
    assert len(names) >= 4
    return ticket, [f"/hls/{ticket}/live/{name}" for name in names]


async def ask(site: Site, path: str, agent: str, gateway: str = "") -> tuple[int, str]:
    async with site.http.get(f"{gateway}{path}", headers={"User-Agent": agent}) as response:
        problem = response.content_type == "application/problem+json"
        return response.status, (await response.json(content_type=None))["code"] if problem else ""


async def test_what_was_watched_is_on_record_with_its_seconds_and_bytes(site: Site) -> None:
    _, segments = await watched(site)
    size = 0
    for path in (*segments[:3], segments[0]):  # the last is one more time the first: loaded, not watched
        status, body = await site.get(path)
        assert status == 200
        size += len(body)
    async with site.http.head(segments[3]) as response:
        assert response.status == 200  # shows nothing
    site.clock.ahead_s += 60

    async def recorded() -> bool:  # a first renewal may have told of a part
        return sum(record.watched_bytes for record in await site.audit(event="view")) >= size

    await eventually(recorded)
    records = await site.audit(event="view")
    (decision,) = await site.audit(event="decision", action="live")
    assert sum(record.watched_s for record in records) == 6
    assert sum(record.watched_bytes for record in records) == size
    for record in records:
        assert (record.ticket_id, record.purpose) == (decision.ticket_id, "flood watch")
        assert (record.principal, record.scope, record.tier) == (
            decision.principal,
            decision.scope,
            decision.tier,
        )
        assert record.remote_address == decision.remote_address


async def test_the_rest_is_told_when_the_gateway_stops(site: Site) -> None:
    ticket, segments = await watched(site)
    async with site.another_gateway() as other:

        async def served() -> bool:
            return await ask(site, f"/hls/{ticket}/live/media.m3u8", "player", other) == (200, "")

        await eventually(served)
        assert (await ask(site, segments[0].replace("#", ""), "player", other))[0] == 200
    records = await site.audit(event="view")
    assert sum(record.watched_s for record in records) == 2


async def test_a_fourth_viewer_is_one_too_many_until_another_leaves(site: Site) -> None:
    ticket, segments = await watched(site)
    playlist = f"/hls/{ticket}/live/media.m3u8"
    for agent in ("two", "three"):  # the first was who made the ticket
        assert await ask(site, playlist, agent) == (200, "")
    for path in (playlist, segments[0]):
        assert await ask(site, path, "four") == TOO_MANY
    assert await ask(site, playlist, "two") == (200, "")

    async def recorded() -> bool:
        return bool(await site.audit(reason="ticket.too_many_viewers"))

    site.clock.ahead_s += 10
    await eventually(recorded)
    (record,) = await site.audit(reason="ticket.too_many_viewers")
    assert (record.allowed, record.remote_address) == (False, "127.0.0.1")

    site.clock.ahead_s += 6  # the first is gone
    assert await ask(site, segments[0], "four") == (200, "")


async def test_viewers_are_counted_over_all_gateways(site: Site) -> None:
    ticket, _ = await watched(site)
    playlist = f"/hls/{ticket}/live/media.m3u8"
    async with site.another_gateway() as other:
        for agent in ("two", "three"):
            assert await ask(site, playlist, agent) == (200, "")

        async def refused() -> bool:
            return await ask(site, playlist, "four", other) == TOO_MANY

        await eventually(refused)  # let in, and found to be one too many a moment later
        for agent in ("two", "three"):
            assert await ask(site, playlist, agent) == (200, "")
            assert await ask(site, playlist, agent, other) == (200, "")  # the same ones


@pytest.mark.parametrize("action", ["live", "playback"])
async def test_a_real_player_gets_nothing_two_seconds_after_the_right_is_gone(
    site: Site, action: str
) -> None:
    uid = await site.add_camera("gate")
    footage = session(site.clock.now_ms() - 60_000, 120)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments[:24])
    if action == "live":
        ticket, path = await site.ticket("gate", action="live"), "live.m3u8"
    else:
        site.spool(uid, footage.init, footage.fragments)
        window = {"start": rfc3339(footage.fragments[0].start_ms)}
        window["end"] = rfc3339(footage.fragments[-1].end_ms)
        ticket, path = await site.ticket("gate", action="playback", **window), "vod.m3u8"

    async def go_on() -> None:
        for fragment in footage.fragments[24:]:
            await site.ingest.pictures.send(uid, fragment)
            await asyncio.sleep(0.5)

    sending = asyncio.create_task(go_on())
    player = Player()
    playing = asyncio.create_task(asyncio.to_thread(player.play, f"{site.url}/hls/{ticket}/{path}"))
    await eventually(lambda: player.has(50))
    (issued,) = await site.audit(event="decision", action=action)
    await site.revoke(revocation_pb2.TICKET, issued.ticket_id)
    await asyncio.sleep(2)  # what the promise leaves
    before = (await served_bytes(site, action), player.shown)
    assert before[0] > 0
    await asyncio.wait_for(playing, 30)  # it is out of footage
    sending.cancel()
    assert await served_bytes(site, action) == before[0]
    total = 120 * 25
    assert 50 <= player.shown < total / 2
    async with aiohttp.ClientSession(site.url) as http, http.get(f"/hls/{ticket}/{path}") as response:
        assert response.status == 403


class Player:
    """libav, which plays no faster than the wall clock."""

    def __init__(self) -> None:
        self.shown = 0
        self._pace = threading.Event()

    async def has(self, pictures: int) -> bool:
        return self.shown >= pictures

    def play(self, url: str) -> None:
        """Until there is no more to be had."""
        try:
            with av.open(url, timeout=5, options={"reload_max": "3", "max_reload": "3"}) as container:
                for _ in container.decode(video=0):
                    self.shown += 1
                    self._pace.wait(0.04)
        except av.FFmpegError:
            return


async def served_bytes(site: Site, kind: Any) -> float:
    """Footage that the gateway has sent."""
    name = {"live": "live", "playback": "archive"}[kind]
    value = site.registry.get_sample_value("snowlight_gateway_media_bytes_total", {"kind": name})
    return value or 0.0


async def test_the_parts_of_a_path_never_lead_to_another_ticket_s_camera(site: Site) -> None:
    ticket, segments = await watched(site)
    name = segments[0].rpartition("/")[2]
    await site.add_camera("dark")
    dark = await site.ticket("dark", action="live")
    async with aiohttp.ClientSession(site.url) as http:
        for path in (
            f"/hls/{dark}/live/..%2F..%2F{ticket}%2Flive%2F{name}",
            f"/hls/{dark}/live/%2e%2e/%2e%2e/{ticket}/live/{name}?x",
            f"/hls/{dark}%2F..%2F{ticket}/live/{name}",
            f"/hls/{dark}/live/../../{dark}/live/{name}",
            f"/hls/{ticket}%00/live/{name}",
            f"/hls/{dark}/live%2F{name}",
            f"/hls/{dark}//live/{name}",
            f"/hls/./{dark}/live/{name}",
            f"/hls/{dark};{ticket}/live/{name}",
            f"/hls/{dark}?ticket={ticket}/live/{name}",
        ):
            url = URL(f"{site.url}{path}", encoded=True)
            async with http.get(url) as response:
                body = await response.read()
                own = "%2e%2e" in path and response.status == 200
                assert own or response.status in (400, 401, 404, 503), (path, response.status)
                assert own or b"moof" not in body


async def test_a_window_is_not_stretched_by_what_a_playlist_is_asked(tmp_path: Any) -> None:
    async with run_site(tmp_path) as site:
        uid = await site.add_camera("gate")
        footage = session(site.clock.now_ms() - 60_000, 50)
        site.spool(uid, footage.init, footage.fragments)
        first_ms = footage.fragments[0].start_ms
        start, end = rfc3339(first_ms + 20_000), rfc3339(first_ms + 30_000)
        ticket = await site.ticket("gate", action="playback", start=start, end=end)
        early, late = rfc3339(first_ms + 10_000), rfc3339(first_ms + 40_000)
        for query, expected in (
            ({"start": start, "end": end}, 200),
            ({"start": early, "end": end}, 403),
            ({"start": start, "end": late}, 403),
            ({"start": early, "end": late}, 403),
            ([("start", start), ("end", end), ("start", early)], 200),
            ({"start": start}, 400),
            ({"start": start, "end": f"{end}&end={late}"}, 400),
        ):
            async with site.http.get(f"/hls/{ticket}/vod.m3u8", params=query) as response:
                assert response.status == expected, query
                text = await response.text()
            if expected == 200:
                names = [line for line in text.splitlines() if line.startswith("vod/") and ".m4s" in line]
                starts = [int(name[4:].partition("-")[0]) for name in names]
                assert min(starts) >= first_ms + 18_000
                assert max(starts) < first_ms + 30_000
        for name in (f"{first_ms}-4", f"{first_ms + 40_000}-4"):
            status, body = await site.get(f"/hls/{ticket}/vod/{name}.m4s")
            assert (status, b"moof" in body) == (403, False)


async def test_a_long_answer_is_cut_off_in_the_middle(site: Site) -> None:
    """A segment of 24 MB to a player that takes 100 kB a tenth of a second: minutes."""
    uid = await site.add_camera("gate")
    footage = session(site.clock.now_ms() - 12_000, 12)
    large = [replace(one, chunks=(one.data, bytes(6 << 20))) for one in footage.fragments[:5]]
    await site.ingest.pictures.send(uid, footage.init, *large)
    ticket = await site.ticket("gate", action="live")
    _, body = await site.get(f"/hls/{ticket}/live/media.m3u8")
    name = next(line for line in body.decode().splitlines() if line.endswith(".m4s"))
    (issued,) = await site.audit(event="decision")

    address = URL(site.url)
    player = socket.socket()
    player.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)  # what has arrived stays to be read
    player.setblocking(False)
    await asyncio.get_running_loop().sock_connect(player, (address.host, address.port))
    reader, writer = await asyncio.open_connection(sock=player, limit=1 << 16)
    writer.write(f"GET /hls/{ticket}/live/{name} HTTP/1.1\r\nHost: gateway\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"200 OK" in head
    assert b"Access-Control-Allow-Origin: *" in head
    got = len(await reader.readexactly(1 << 20))
    await site.revoke(revocation_pb2.TICKET, issued.ticket_id)
    with pytest.raises(ConnectionResetError):
        async with asyncio.timeout(2):
            while data := await reader.read(100_000):
                got += len(data)
                await asyncio.sleep(0.1)
    assert got < 12 << 20
    writer.close()
