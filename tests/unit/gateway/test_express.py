"""What may be answered before a parser has seen it: nothing that a parser would read otherwise."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import HttpRequestParser
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.http.express import LONGEST_HEAD, is_lone_request, read_caller

PLAIN = b"Host: a\r\nUser-Agent: player/1\r\nAccept: */*\r\n\r\n"


def caller(fields: bytes, *, behind_proxy: bool = False) -> tuple[str, str] | None:
    found = read_caller(fields, "192.0.2.1", behind_proxy=behind_proxy)
    return (found.address, found.agent) if found is not None else None


def test_who_asks_is_read_from_the_header() -> None:
    assert caller(PLAIN) == ("192.0.2.1", "player/1")
    assert caller(b"Host: a\r\n\r\n") == ("192.0.2.1", "")
    forwarded = b"Host: a\r\nX-Forwarded-For: 198.51.100.7, 203.0.113.5\r\n\r\n"
    assert caller(forwarded) == ("192.0.2.1", "")
    assert caller(forwarded, behind_proxy=True) == ("203.0.113.5", "")
    assert caller(PLAIN, behind_proxy=True) == ("192.0.2.1", "player/1")


@pytest.mark.parametrize(
    "fields",
    [
        b"\r\n",
        b"Host: a\r\n",
        b"User-Agent: player\r\n\r\n",
        b"Host: a\r\nHost: b\r\n\r\n",
        b"Host: a\r\nUser-Agent: x\r\nuser-agent: y\r\n\r\n",
        b"Host: a\r\nX-Forwarded-For: 10.9.9.9\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n",
        b"Host: a\r\nContent-Length: 5\r\n\r\n",
        b"Host: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"Host: a\r\nConnection: close\r\n\r\n",
        b"Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"Host: a\r\nRange: bytes=0-1\r\n\r\n",
        b"Host: a\r\nIf-None-Match: x\r\n\r\n",
        b"Host: a\r\nExpect: 100-continue\r\n\r\n",
        b"Host: a\r\nX-Unheard-Of: 1\r\n\r\n",
        b"Host : a\r\n\r\n",
        b"Host: a\r\n folded\r\n\r\n",
        b"Host: a\x00\r\n\r\n",
        b"Host: a\nAccept: b\r\n\r\n",
        b"Host: a\r\nAccept: \xff\r\n\r\n",
        b"Host: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"Host: a\r\nAccept: " + b"x" * LONGEST_HEAD + b"\r\n\r\n",
    ],
)
def test_what_is_not_plain_takes_the_usual_way(fields: bytes) -> None:
    assert caller(fields) is None


_NAMES = st.sampled_from(
    [
        b"user-agent",
        b"Accept",
        b"Content-Length",
        b"Connection",
        b"Transfer-Encoding",
        b"Range",
        b" x",
    ]
)
_VALUES = st.binary(max_size=6) | st.sampled_from([b"keep-alive", b"close", b"0", b"chunked", b"a"])
_LINES = st.tuples(_NAMES, st.sampled_from([b": ", b":", b" : ", b""]), _VALUES).map(b"".join)


@given(st.lists(_LINES, max_size=5))
def test_a_parser_reads_the_same_from_whatever_is_read(lines: list[bytes]) -> None:
    fields = b"".join(line + b"\r\n" for line in (b"Host: a", *lines)) + b"\r\n"
    found = read_caller(fields, "", behind_proxy=False)
    if found is None:
        return
    message = parsed(b"GET /hls/x HTTP/1.1\r\n" + fields)
    assert message.headers.get("User-Agent", "") == found.agent
    assert "Host" in message.headers
    assert not message.should_close


@given(st.lists(_LINES, max_size=4), st.sampled_from([b"GET ", b"HEAD ", b"POST "]), st.binary(max_size=4))
def test_nothing_is_left_of_a_lone_request_for_the_next_bytes(
    lines: list[bytes], method: bytes, after: bytes
) -> None:
    data = method + b"/ HTTP/1.1\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + after
    if not is_lone_request(data):
        return
    loop = asyncio.new_event_loop()
    try:
        parser = HttpRequestParser(asyncio.Protocol(), loop, 1 << 16)  # type: ignore[arg-type]
        try:
            (first,), upgraded, rest = parser.feed_data(data)
        except HttpProcessingError:  # refused, and the connection closed
            return
        assert not upgraded
        assert rest == b""
        assert first[1].is_eof()
        (second,), _, _ = parser.feed_data(b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
        assert second[0].path == "/next"
    finally:
        loop.close()


def parsed(data: bytes):  # type: ignore[no-untyped-def]  # the parser's own message
    loop = asyncio.new_event_loop()
    try:
        parser = HttpRequestParser(asyncio.Protocol(), loop, 1 << 16)  # type: ignore[arg-type]
        ((message, payload),), _, _ = parser.feed_data(data)
        assert payload.is_eof()
        return message
    finally:
        loop.close()
