"""What is no HTTP is refused without a byte of it in the answer or the log."""

import json

import pytest

from tests.bad_input.connection import exchange
from tests.bad_input.town import Town
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")

SECRET = "never-told-again-either"
FORM = "POST /v1/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    (
        (f"GET /v1/cameras HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\x01\r\n\r\n", 400),
        (f"GET /hls/{SECRET}/live.m3u8 x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (f"GET /hls/{SECRET}/live.m3u8\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (f"GET http://[{SECRET}/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (f"{SECRET}\r\n\r\n", 400),
        (f"\x16\x03\x01{SECRET}\r\n\r\n", 400),
        (f"GET / HTTP/1.1\r\nHost: {SECRET}\r\nHost: {SECRET}\r\n\r\n", 400),
        (f"{FORM}Content-Length: {SECRET}\r\n\r\n", 400),
        (f"{FORM}Transfer-Encoding: chunked\r\n\r\n3\r\npassword={SECRET}\r\n", 400),
        (f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET * 400}\r\n\r\n", 431),
        (f"GET /hls/{SECRET * 400}/live.m3u8 HTTP/1.1\r\nHost: x\r\n\r\n", 431),
    ),
    ids=(
        "a control character in a header",
        "a word too many",
        "a byte that no URL has",
        "a host that is none",
        "no request line",
        "TLS",
        "a header twice",
        "a length that is no number",
        "a chunk longer than it says",
        "a long header",
        "a long path",
    ),
)
async def test_a_malformed_request_is_refused_and_not_repeated(
    town: Town, request_: str, status: int
) -> None:
    refused_before = refusals(town)
    head, body = await exchange(town, request_)
    assert head.startswith(f"HTTP/1.0 {status} ")
    problem = json.loads(body)
    assert (problem["status"], problem["code"].partition(".")[0]) == (status, "http")
    assert "\r\nContent-Type: application/problem+json\r\n" in head
    assert "\r\nServer: Snowlight\r\n" in head

    async def logged() -> bool:
        return refusals(town) > refused_before

    await eventually(logged)
    assert SECRET not in head + body + town.log
    assert "Traceback" not in town.log


async def test_a_body_in_another_encoding_than_its_headers_say_is_refused_and_not_repeated(
    town: Town,
) -> None:
    head, body = await exchange(
        town,
        f"{FORM}Connection: close\r\nContent-Encoding: gzip\r\nContent-Length: {len(SECRET)}\r\n\r\n{SECRET}",
    )
    assert head.startswith("HTTP/1.1 400 ")
    assert json.loads(body)["code"] == "request.body"
    assert SECRET not in head + body + town.log
    assert "Traceback" not in town.log


def refusals(town: Town) -> int:
    """How many malformed requests the log tells of."""
    return town.log.count('"http.malformed"')
