"""Callers who send slowly or nothing are cut off, and slow nobody down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.rpc.gateway.site import Site, run_site

Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def short(tmp_path: Path) -> AsyncIterator[Site]:
    async with run_site(tmp_path, head_seconds=1, body_seconds=1, idle_seconds=2, max_connections=60) as site:
        yield site


@asynccontextmanager
async def connected(site: Site) -> AsyncIterator[Pipe]:
    url = urlsplit(site.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def drip(pipe: Pipe, text: bytes, until: bytes = b"") -> bytes:
    """Send byte by byte until the other side has said `until`, or has closed; what it said."""
    reader, writer = pipe
    answer = asyncio.create_task(reader.readuntil(until) if until else reader.read())
    async with asyncio.timeout(20):
        for byte in text:
            if answer.done():
                break
            writer.write(bytes([byte]))
            await asyncio.wait([answer], timeout=0.1)
        return await answer


async def test_a_head_that_comes_byte_by_byte_is_cut_off(short: Site) -> None:
    async with connected(short) as pipe:
        began = asyncio.get_running_loop().time()
        assert await drip(pipe, b"GET /v1/cameras HTTP/1.1\r\nX: " + b"a" * 1000) == b""
        assert asyncio.get_running_loop().time() - began > 0.9


async def test_so_is_the_second_head_of_a_connection(short: Site) -> None:
    async with connected(short) as (reader, writer):
        writer.write(b"GET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b'"http.not_found"' in await reader.readuntil(b"}")  # the whole answer
        assert await drip((reader, writer), b"GET /v1/cameras HTTP/1.1\r\nX: " + b"a" * 1000) == b""


async def test_a_body_that_comes_byte_by_byte_is_answered_and_cut_off(short: Site) -> None:
    head = (
        b"POST /v1/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
    )
    async with connected(short) as (reader, writer):
        writer.write(head)
        answer = await drip((reader, writer), b"a" * 900, until=b"}")
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"http.body_slow"' in answer


async def test_connections_without_a_request_are_closed(short: Site) -> None:
    async with connected(short) as (reader, _), asyncio.timeout(20):
        assert await reader.read() == b""
    async with connected(short) as (reader, writer), asyncio.timeout(20):
        writer.write(b"GET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 404 ")


async def test_one_connection_too_many_is_told_so(short: Site) -> None:
    token = await short.token()
    async with AsyncExitStack() as stack:
        idle = [await stack.enter_async_context(connected(short)) for _ in range(59)]
        assert (await short.call("GET", "/v1/cameras", token))[0] == 200, "on the connection it has"
        async with connected(short) as (reader, _), asyncio.timeout(20):
            assert (await reader.read()).startswith(b"HTTP/1.1 503 ")
        async with asyncio.timeout(20):
            for reader, _ in idle:
                assert await reader.read() == b"", "closed, for they asked for nothing"
    async with connected(short) as (reader, writer), asyncio.timeout(20):
        writer.write(b"GET /v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 404 ")
