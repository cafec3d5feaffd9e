"""Each request has an id, which its answer tells, and which nobody but the proxy may choose."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.rpc.gateway.site import Site, run_site

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TOLD = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}


@pytest.fixture
async def proxied(tmp_path: Path) -> AsyncIterator[Site]:
    async with run_site(tmp_path, behind_proxy=True) as running:
        yield running


async def _id(site: Site, path: str = "/v1/regions", headers: dict[str, str] | None = None) -> str:
    """The id answered, which is the problem's as well."""
    async with site.http.get(path, headers=headers) as response:
        problem = await response.json(content_type="application/problem+json")
    told = response.headers["X-Request-Id"]
    assert problem["instance"] == f"urn:snowlight:request:{told}"
    assert len(told) == 32 and int(told, 16)
    return told


async def test_each_request_has_an_id_of_its_own(site: Site) -> None:
    told = [await _id(site, path) for path in ("/v1/regions", "/v1/regions", "/nowhere", "/hls/x/live.m3u8")]
    assert len(set(told)) == len(told)


async def test_a_caller_cannot_choose_it(site: Site) -> None:
    assert await _id(site, headers=TOLD) != TRACE
    assert await _id(site, headers={"X-Request-Id": TRACE}) != TRACE


async def test_the_proxy_can(proxied: Site) -> None:
    assert await _id(proxied, headers=TOLD) == TRACE


@pytest.mark.parametrize(
    "field", ["", "nonsense", f"00-{TRACE}-00f067aa0ba902b7-01-", f"00-{TRACE}-x", "x" * 6_000]
)
async def test_what_is_not_well_formed_is_passed_over(proxied: Site, field: str) -> None:
    assert await _id(proxied, headers={"traceparent": field}) != TRACE


async def test_two_of_them_are_none(proxied: Site) -> None:
    other = f"00-{'1' * 32}-00f067aa0ba902b7-01"
    headers = [("traceparent", TOLD["traceparent"]), ("traceparent", other)]
    async with aiohttp.request("GET", f"{proxied.url}/v1/regions", headers=headers) as response:
        assert response.headers["X-Request-Id"] not in (TRACE, "1" * 32)
