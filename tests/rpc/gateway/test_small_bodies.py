"""Whoever has not said who they are makes a gateway read a few kilobytes, not a megabyte."""

import asyncio
from collections.abc import AsyncIterator

from services.gateway.http.bodies import SMALL_BODY_BYTES
from tests.rpc.gateway.site import Site

TOO_LONG = (413, "http.request_entity_too_large", f"at most {SMALL_BODY_BYTES} bytes")


async def told(site: Site, path: str, data: bytes | AsyncIterator[bytes], kind: str) -> tuple[int, str, str]:
    status, answer = await site.call("POST", path, data=data, headers={"Content-Type": kind})
    return status, answer["code"], answer["detail"][-len(TOO_LONG[2]) :]


async def test_no_route_that_is_open_to_strangers_takes_a_long_body(site: Site) -> None:
    paths = (await site.openapi())["paths"]
    open_to_all = [
        (path, *operation["requestBody"]["content"])
        for path, operations in paths.items()
        for operation in operations.values()
        if "requestBody" in operation and not all(operation["security"] or [{}])
    ]
    assert {"/v1/session", "/v1/token", "/v1/device_authorization"} <= {path for path, _ in open_to_all}
    for path, kind in open_to_all:
        assert await told(site, path, b" " * (SMALL_BODY_BYTES + 1), kind) == TOO_LONG, path


async def test_it_is_refused_whether_or_not_its_length_is_told(site: Site) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * 1024
            await asyncio.sleep(0)

    assert await told(site, "/v1/session", pieces(), "application/json") == TOO_LONG
    status, code, _ = await told(site, "/v1/session", b" " * SMALL_BODY_BYTES, "application/json")
    assert (status, code) == (400, "request.json"), "read, and found to be nothing"
