"""Tricks in the path of pictures, and thousands of connections that ask for nothing: nobody waits."""

import asyncio
import json
import resource
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.bad_input.cameras import GOOD
from tests.bad_input.connection import exchange
from tests.bad_input.town import Town

pytestmark = pytest.mark.asyncio(loop_scope="package")

IDLE = 10_000
SPARE_FILES = 500


@pytest.mark.parametrize(
    "path",
    (
        "/hls/../../../etc/passwd",
        "/hls/%2e%2e/%2e%2e/etc/passwd",
        "/hls/..%2f..%2fetc/passwd",
        "/hls/./././live.m3u8",
        "/hls/a/./../live.m3u8",
        "/hls//live.m3u8",
        "//hls/x/live.m3u8",
        "/hls/x//vod//1-2.m4s",
        "/hls/x%00/live.m3u8",
        "/hls/x/live.m3u8%00.png",
        "/hls/..\\..\\etc\\passwd/live.m3u8",
        "/hls/%5c%5chost%5cshare/live.m3u8",
        "/hls/%c0%ae%c0%ae/live.m3u8",
        "/hls/%ff%fe/live.m3u8",
        "/hls/x/vod/%2e%2e/%2e%2e/init.mp4",
        "/hls/x/vod/99999999999999999999-1.m4s",
        "/hls/" + "a" * 7_000 + "/live.m3u8",
        "/hls/" + "../" * 2_000 + "live.m3u8",
        "/snapshot/../../etc/passwd.jpg",
        "/snapshot/%2e%2e%2f.jpg",
        "/hls/",
    ),
    ids=lambda path: path[:30],
)
async def test_a_trick_in_a_path_opens_nothing(town: Town, path: str) -> None:
    head, body = await exchange(town, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    status = int(head.split()[1])
    problem = json.loads(body)
    assert status in (400, 401, 404)
    assert problem["status"] == status
    assert "passwd" not in body
    assert (await town.admin.camera(GOOD[0]))["state"] == "ONLINE"


async def test_ten_thousand_connections_that_ask_for_nothing_keep_nobody_waiting(town: Town) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < IDLE + SPARE_FILES:
        pytest.skip("this system lets a process have too few files open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, IDLE + SPARE_FILES), hard))
    url = urlsplit(town.snowlight.url)
    writers: list[asyncio.StreamWriter] = []

    async def connect(number: int) -> None:
        for _ in range(number):
            _, writer = await asyncio.open_connection(url.hostname, url.port)
            writers.append(writer)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(connect(IDLE // 20))
        for _ in range(5):
            assert (await town.admin.camera(GOOD[0]))["state"] == "ONLINE"
            head, _ = await exchange(town, "GET /hls/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert head.startswith("HTTP/1.1 4"), "a new connection is served too"
        assert sum(not writer.is_closing() for writer in writers) == IDLE
    finally:
        for writer in writers:
            writer.close()
        for writer in writers:
            with suppress(ConnectionError):
                await writer.wait_closed()
