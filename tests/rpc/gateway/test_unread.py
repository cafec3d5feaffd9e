"""Viewers who do not read hold no more of a gateway's memory than is meant for them."""

import asyncio
import re
import socket
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from snowlight.media.boxes import box
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.kept_connection import request
from tests.rpc.gateway.site import Site, run_site
from tests.rpc.gateway.test_archive import rfc3339
from tests.rpc.gateway.test_express import USUAL_WAY
from tests.waiting import eventually

VIEWERS, OF_EACH = 3, 8
SEGMENT_BYTES = 8 << 20


async def segments(site: Site, action: str) -> list[str]:
    """Paths of segments of 8 MiB: no system takes all of one for somebody who does not read."""
    uid = await site.add_camera("gate")
    footage = session(site.clock.now_ms() - 60_000, 40)
    free = box(b"free", bytes(SEGMENT_BYTES // (4 if action == "live" else 12)))  # so many make one
    large = [replace(each, chunks=(*each.chunks, free)) for each in footage.fragments[:12]]
    if action == "live":
        await site.ingest.pictures.send(uid, footage.init, *large)
        ticket, path = await site.ticket("gate", action="live"), "live/media.m3u8"
    else:
        site.spool(uid, footage.init, large)
        window = {"start": rfc3339(large[0].start_ms), "end": rfc3339(large[-1].end_ms)}
        ticket, path = await site.ticket("gate", action="playback", **window), "vod.m3u8"
    status, body = await site.get(f"/hls/{ticket}/{path}")
    assert status == 200, body
    base = f"/hls/{ticket}/{'live/' if action == 'live' else ''}"
    return [base + name for name in re.findall(r"^(?!.*part)[^#\n]+\.m4s$", body.decode(), re.MULTILINE)]


async def ask(site: Site, path: str, further: str = "") -> socket.socket:
    """Somebody who reads that it comes, and no more."""
    url = urlsplit(site.url)
    viewer = socket.socket()
    viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
    viewer.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(viewer, (url.hostname, url.port))
    await loop.sock_sendall(viewer, request(path, further))
    assert await loop.sock_recv(viewer, 15) == b"HTTP/1.1 200 OK"
    return viewer


async def status_of(site: Site, path: str) -> tuple[int, str, bool]:
    """Status, code and whether it says when to come back."""
    headers = {"User-Agent": "player"}  # no viewer more than those who do not read
    async with site.http.get(path, headers=headers) as response:
        if response.content_type != "application/problem+json":
            return response.status, "", False
        return (
            response.status,
            (await response.json(content_type=None))["code"],
            "Retry-After" in response.headers,
        )


async def is_served(site: Site, path: str) -> bool:
    return (await status_of(site, path))[0] == 200


def is_reset(viewer: socket.socket) -> bool:
    return viewer.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0


@pytest.mark.parametrize(
    ("action", "further"),
    [("live", ""), ("live", USUAL_WAY), ("playback", "")],
    ids=["at once", "live", "past"],
)
async def test_who_reads_nothing_is_cut_off_and_who_reads_a_little_is_not(
    site: Site, action: str, further: str
) -> None:
    path = (await segments(site, action))[0]
    deaf, slow = await ask(site, path, further), await ask(site, path, further)
    loop = asyncio.get_running_loop()

    async def is_cut() -> bool:
        site.clock.ahead_s += 0.25
        for _ in range(4):  # more than a window of the connection, so that the gateway hears of it
            await loop.sock_recv(slow, 1 << 14)
        return is_reset(deaf)

    with deaf, slow:
        await eventually(is_cut)
        assert not is_reset(slow)
        assert len(await loop.sock_recv(slow, 1 << 14)) > 0


async def test_a_ticket_has_some_answers_under_way_for_each_of_its_viewers(site: Site) -> None:
    path = (await segments(site, "playback"))[0]
    viewers = [await ask(site, path) for _ in range(VIEWERS * OF_EACH)]
    assert await status_of(site, path) == (429, "ticket.too_many_answers", True)
    viewers.pop().close()
    await eventually(partial(is_served, site, path))
    for viewer in viewers:
        viewer.close()


async def test_footage_that_there_is_no_room_for_is_not_sent(tmp_path: Path) -> None:
    async with run_site(tmp_path, sending_bytes=SEGMENT_BYTES * 3 // 2) as site:
        path = (await segments(site, "playback"))[0]
        viewer = await ask(site, path)
        assert await status_of(site, path) == (503, "gateway.sending_full", True)
        viewer.close()
        await eventually(partial(is_served, site, path))
