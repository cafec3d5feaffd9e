"""Whence a request comes: behind a proxy, what the proxy says, whatever the client said before it."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from services.gateway.http.edges import is_https, remote_address

NAMED_BY_CLIENT, SEEN_BY_PROXY = "10.9.9.9", "203.0.113.7"


def request_with(name: str, *lines: str) -> web.Request:
    return make_mocked_request("GET", "/v1/cameras", headers=CIMultiDict((name, line) for line in lines))


@pytest.mark.parametrize(
    "lines",
    [
        (SEEN_BY_PROXY,),
        (f"{NAMED_BY_CLIENT}, {SEEN_BY_PROXY}",),
        (NAMED_BY_CLIENT, SEEN_BY_PROXY),
        (NAMED_BY_CLIENT, NAMED_BY_CLIENT, f"{NAMED_BY_CLIENT},{SEEN_BY_PROXY} "),
    ],
    ids=["alone", "in the client's line", "in a line of its own", "in the last of many"],
)
def test_the_address_is_what_the_proxy_wrote(lines: tuple[str, ...]) -> None:
    assert remote_address(request_with("X-Forwarded-For", *lines), behind_proxy=True) == SEEN_BY_PROXY


def test_a_proxy_that_names_nobody_is_not_taken_for_the_client() -> None:
    request = request_with("X-Forwarded-For", NAMED_BY_CLIENT, "").clone(remote=SEEN_BY_PROXY)
    assert remote_address(request, behind_proxy=True) == SEEN_BY_PROXY
    assert remote_address(request, behind_proxy=False) == SEEN_BY_PROXY


@pytest.mark.parametrize(
    ("lines", "is_so"),
    [
        (("https",), True),
        (("http", "https"), True),
        (("http, https",), True),
        (("https", "http"), False),
        (("https, http",), False),
        (("https", ""), False),
        ((), False),
    ],
)
def test_whether_the_browser_speaks_tls_is_what_the_proxy_wrote(lines: tuple[str, ...], is_so: bool) -> None:
    request = request_with("X-Forwarded-Proto", *lines)
    assert is_https(request, behind_proxy=True) is is_so
    assert not is_https(request, behind_proxy=False)
