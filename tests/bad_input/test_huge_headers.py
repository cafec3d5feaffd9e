"""A megabyte of headers, over HTTP and over gRPC: refused, nothing of it kept, and nobody else disturbed."""

import asyncio
import json
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.bad_input.cameras import GOOD
from tests.bad_input.http2 import call, opening
from tests.bad_input.memory import MB, resident_bytes
from tests.bad_input.town import Town

pytestmark = pytest.mark.asyncio(loop_scope="package")

GET = "GET /v1/cameras HTTP/1.1\r\nHost: x\r\n"
AT_A_TIME, TIMES = 8, 16
SPARE_BYTES = 80 * MB
"""Of the 128 MB that are sent so much may wait for the garbage collector, beside what the town needs."""
METHOD = "/snowlight.api.ingest.v1.Live/ListSpool"
RESOURCE_EXHAUSTED, UNAUTHENTICATED = b"\x0bgrpc-status\x018", b"\x0bgrpc-status\x0216"


def headers(count: int, size: int) -> str:
    """So many of that size."""
    return "".join(f"X-{at}: {'a' * size}\r\n" for at in range(count))


async def send_all(address: str, request: bytes) -> bytes:
    """Send to HOST:PORT whatever comes back meanwhile. Returns what came back until the other side closed."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    received = bytearray()

    async def send() -> None:
        with suppress(ConnectionError):
            for start in range(0, len(request), 65_536):
                writer.write(request[start : start + 65_536])
                await writer.drain()

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(send())
        with suppress(ConnectionError):
            while piece := await reader.read(65_536):
                received += piece
                if RESOURCE_EXHAUSTED in received or UNAUTHENTICATED in received:
                    break
    writer.close()
    return bytes(received)


async def send_often(town: Town, address: str, request: bytes) -> list[bytes]:
    """The answers to many such callers. Fails when it is kept, or when somebody cannot look a camera up."""
    answers = [await send_all(address, request)]
    before = resident_bytes(town)
    for _ in range(TIMES):
        answers += await asyncio.gather(*(send_all(address, request) for _ in range(AT_A_TIME)))
        assert (await town.admin.camera(GOOD[0]))["state"] == "ONLINE"
    assert resident_bytes(town) < before + SPARE_BYTES
    return answers


@pytest.mark.parametrize(
    ("request_", "status"),
    (
        (f"{GET}X: {'a' * MB}\r\n\r\n", 431),
        (f"{GET}X: {'a' * MB}", 431),
        (f"{GET}{'a' * MB}: x\r\n\r\n", 431),
        (f"{GET}{headers(125, 8_000)}\r\n", 431),
        (f"{GET}{headers(10_000, 90)}\r\n", 400),
        (f"GET /{'a' * MB} HTTP/1.1\r\nHost: x\r\n\r\n", 431),
    ),
    ids=("one", "without an end", "a name", "many that each are allowed", "very many", "a path"),
)
async def test_over_http_it_is_answered_and_the_connection_closed(
    town: Town, request_: str, status: int
) -> None:
    for answer in await send_often(town, urlsplit(town.snowlight.url).netloc, request_.encode()):
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.split()[1] == str(status).encode()
        problem = json.loads(body)
        assert (problem["status"], problem["code"].partition(".")[0]) == (status, "http")


@pytest.mark.parametrize("acknowledge", (True, False), ids=("of a client that heard the limit", "of another"))
@pytest.mark.parametrize("entries", (1, 10_000), ids=("one entry", "many entries"))
async def test_over_grpc_it_ends_the_call(town: Town, entries: int, acknowledge: bool) -> None:
    metadata = [(f"x-{at}", "a" * (MB // entries)) for at in range(entries)]
    request = opening(acknowledge=acknowledge) + call(METHOD, metadata)
    for answer in await send_often(town, town.snowlight.addresses["ingest"], request):
        assert RESOURCE_EXHAUSTED in answer


async def test_a_call_with_little_metadata_gets_as_far_as_its_token(town: Town) -> None:
    request = opening(acknowledge=False) + call(METHOD, [("x", "a" * 4_000)])
    assert UNAUTHENTICATED in await send_all(town.snowlight.addresses["ingest"], request)
