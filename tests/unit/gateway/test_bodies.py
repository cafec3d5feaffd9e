"""What a body may be, and what it costs to read one."""

import json
import tracemalloc
from typing import Any, cast

import pytest
from aiohttp import web

from services.gateway.http.bodies import LONGEST_PATH, read_json
from snowlight.errors import InvalidArgumentError

LETTER = "\\u0041"
LONE = "\\ud800"


class Request:
    """All of a request that a body is read from."""

    content_type = "application/json"

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self) -> bytes:
        return self._body


async def read(body: str | bytes) -> dict[str, Any]:
    sent = body.encode() if isinstance(body, str) else body
    return await read_json(cast("web.Request", Request(sent)))


async def fault_of(body: str | bytes) -> InvalidArgumentError:
    with pytest.raises(InvalidArgumentError) as caught:
        await read(body)
    return caught.value


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (f'{{"a": [0, {{"b": "{LONE}"}}]}}', "a[1].b"),
        (f'{{"a": [[], "{LETTER}", ["{LONE}"]]}}', "a[2][0]"),
        (f'{{"a": {{"{LONE}": 1}}}}', "a"),
        (f'{{"{LONE}": 1}}', ""),
    ],
)
async def test_a_lone_surrogate_is_told_by_where_it_is(body: str, field: str) -> None:
    assert (await fault_of(body)).field == field


async def test_a_long_way_to_it_is_told_by_its_beginning() -> None:
    error = await fault_of(f'{{"{"k" * 10_000}": ["{LONE}"]}}')
    assert error.field == "k" * LONGEST_PATH + "…"
    assert len(error.detail) < 2 * LONGEST_PATH


async def test_escapes_that_are_text_are_read() -> None:
    body = f'{{"{LETTER}": "\\ud83d\\ude00", "b": ["\\\\ud800"]}}'
    assert await read(body) == {"A": "😀", "b": ["\\ud800"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
async def test_a_surrogate_comes_in_by_no_encoding(encoding: str) -> None:
    value = {"a": "村"}
    assert await read(json.dumps(value, ensure_ascii=False).encode(encoding)) == value
    error = await fault_of('{"a": "\ud800"}'.encode(encoding, "surrogatepass"))
    assert error.code == "request.json"


async def test_a_long_name_is_not_copied_for_what_lies_below_it() -> None:
    body = f'{{"{"k" * 400_000}": {"[" * 200}"{LETTER}"{"]" * 200}}}'
    tracemalloc.start()
    try:
        await read(body)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10 * len(body)
