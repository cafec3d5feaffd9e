"""How often a caller may ask, and what they are told of it."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.gateway.http.rates import MAX_CALLERS, Rates
from tests.parts.clock import MovableClock
from tests.parts.password import PASSWORD
from tests.rpc.gateway.people import VILLAGE
from tests.rpc.gateway.site import Site, run_site


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[Site]:
    async with run_site(tmp_path, rate_quota=10, rate_window_seconds=1000) as running:
        yield running


async def test_two_hundred_creations_in_a_row_pass(site: Site) -> None:
    token = await site.token("root")
    body = {"region": VILLAGE, "source_url": "rtsp://127.0.0.1/x"}
    for _ in range(10):
        answers = await asyncio.gather(
            *(site.call("POST", "/v1/cameras", token, json=body) for _ in range(20))
        )
        assert {status for status, _ in answers} == {200}


async def test_a_caller_is_told_what_is_left_and_when_to_come_back(strict: Site) -> None:
    headers = {"Authorization": f"Bearer {await strict.token('chen')}"}
    for used in range(1, 11):
        async with strict.http.get("/v1/cameras", headers=headers) as answer:
            assert answer.status == 200
            assert answer.headers["RateLimit-Policy"] == '"default";q=10;w=1000'
            told = re.fullmatch(r'"default";r=(\d+);t=(\d+)', answer.headers["RateLimit"])
            assert told is not None
            assert int(told[1]) == 10 - used
            assert 100 * used - 60 < int(told[2]) <= 100 * used
    async with strict.http.get("/v1/cameras", headers=headers) as answer:
        problem = await answer.json(content_type="application/problem+json")
        assert (answer.status, problem["code"]) == (429, "request.rate")
        wait_s = int(answer.headers["Retry-After"])
        assert 40 < wait_s <= 100
        assert answer.headers["RateLimit"].startswith('"default";r=0;t=')
    strict.clock.ahead_s += wait_s
    async with strict.http.get("/v1/cameras", headers=headers) as answer:
        assert answer.status == 200


async def test_callers_are_counted_apart_and_pictures_not_at_all(strict: Site) -> None:
    token = await strict.token("chen")
    for _ in range(9):  # with the sign-in ten of this address
        assert (await strict.call("GET", "/v1/cameras"))[0] == 401
    assert (await strict.call("GET", "/v1/cameras"))[0] == 429
    assert (await strict.call("GET", "/v1/cameras", "no-token"))[0] == 429
    assert (await strict.call("GET", "/v1/cameras", token))[0] == 200
    for path in ("/hls/x/live.m3u8", "/nothing"):
        async with strict.http.get(path) as answer:
            assert answer.status in (401, 404)
            assert "RateLimit" not in answer.headers


async def test_an_ipv6_subscriber_is_one_caller_and_on_record_by_their_whole_address(tmp_path: Path) -> None:
    async with run_site(tmp_path, behind_proxy=True, rate_quota=10, rate_window_seconds=1000) as site:

        async def ask(address: str, token: str = "") -> tuple[int, Any]:
            return await site.call("GET", "/v1/sessions", token, headers={"X-Forwarded-For": address})

        for number in range(10):
            assert (await ask(f"2001:db8:1:2:{number:x}::{number:x}"))[0] == 401
        assert (await ask("2001:db8:1:2:ffff::1"))[0] == 429
        assert (await ask("2001:db8:1:3::1"))[0] == 401, "the /64 beside it is another subscriber's"
        for number in range(10):
            assert (await ask(f"::ffff:192.0.2.{number}"))[0] == 401, "IPv4, mapped: each by itself"
        form = {"grant_type": "password", "username": "chen", "password": PASSWORD}
        whole = {"X-Forwarded-For": "2001:db8:7::9"}
        async with site.http.post("/v1/token", data=form, headers=whole) as answer:
            token = (await answer.json())["access_token"]
        _, listed = await ask("2001:db8:7::9", token)
        assert [one["remote_address"] for one in listed["sessions"]] == ["2001:db8:7::9"]


def test_as_many_again_come_back_in_each_window() -> None:
    clock = MovableClock()
    rates = Rates(clock, quota=100, window_s=1000)
    assert [rates.take("a").allowed for _ in range(101)] == [True] * 100 + [False]
    clock.ahead_s += 500
    assert sum(rates.take("a").allowed for _ in range(60)) == 50
    assert rates.take("b").remaining == 99


def test_no_more_callers_are_remembered_than_there_is_room_for() -> None:
    rates = Rates(MovableClock(), quota=1, window_s=1000)
    for number in range(MAX_CALLERS + 1):
        rates.take(str(number))
    assert not rates.take("1").allowed
    assert rates.take("0").allowed, "forgotten: asked longest ago"
