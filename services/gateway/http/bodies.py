"""Request bodies: JSON and forms, read strictly; answers as JSON."""

import asyncio
import json
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from services.gateway.http.problems import problem
from snowlight.errors import InvalidArgumentError

SMALL_BODY_BYTES = 16 << 10
"""Enough for a name, a password and a token. A stranger may make the gateway read no more than that."""
LONGEST_PATH = 200
"""How much of a path is told: its names are the caller's, and may be long."""


async def read_json(request: web.Request) -> dict[str, Any]:
    """The body, a JSON object whose text is all valid Unicode. Raises InvalidArgumentError that says what is
    wrong and where."""
    if request.content_type != "application/json":
        raise InvalidArgumentError("request.content_type", "the body must be application/json")
    try:
        body = await request.read()
        text = body.decode(json.detect_encoding(body))  # by itself json lets surrogates through
        value = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
        if "\\u" in text:  # nothing else spells a surrogate
            _require_unicode_in(value, [])
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise InvalidArgumentError("request.json", f"the body is not JSON: {error.msg} at {where}") from error
    except UnicodeDecodeError as error:
        raise InvalidArgumentError("request.json", "the body is not UTF-8") from error
    except RecursionError as error:
        raise InvalidArgumentError("request.json", "the body is nested too deep") from error
    except ValueError as error:
        raise InvalidArgumentError("request.json", f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidArgumentError("request.json", "the body must be a JSON object")
    return value


async def read_form(request: web.Request) -> dict[str, str]:
    """The body, `application/x-www-form-urlencoded`; no parameter twice (RFC 6749 section 3.2)."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise InvalidArgumentError(
            "request.content_type", "the body must be application/x-www-form-urlencoded"
        )
    try:
        pairs = parse_qsl(
            (await request.read()).decode(), keep_blank_values=True, max_num_fields=32, errors="strict"
        )
    except ValueError as error:
        raise InvalidArgumentError("request.form", "the body is not a form") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise InvalidArgumentError("request.form", "a parameter is given twice")
    return form


def timely_bodies(limit_s: float, streamed: Collection[str], small: Collection[str] = ()) -> Middleware:
    """Reads each body before its handler does, within a time; not those of the paths in `streamed`. Those of
    the paths in `small` have at most SMALL_BODY_BYTES."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        path = resource.canonical if resource is not None else ""
        if request.can_read_body and path not in streamed:
            if path in small and (request.content_length or 0) > SMALL_BODY_BYTES:
                return _too_long()  # before it has come
            try:
                async with asyncio.timeout(limit_s):
                    await request.read()
            except TimeoutError:
                answer = problem(408, "http.body_slow", f"the body did not come within {limit_s:g} s")
                answer.force_close()
                return answer
            if path in small and len(await request.read()) > SMALL_BODY_BYTES:
                return _too_long()
        return await handler(request)

    return middleware


def take_strings(
    body: dict[str, Any], required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> list[str]:
    """The named string members in order, "" for an optional one left out. Raises InvalidArgumentError naming
    the member that is missing, is no string or is not known here."""
    refuse_unknown(body, (*required, *optional))
    values = []
    for name in (*required, *optional):
        value = body.get(name)
        if value is None:
            value = ""
        if not isinstance(value, str):
            raise InvalidArgumentError("request.type", f"{name} must be a string", field=name)
        if name in required and not value:
            raise InvalidArgumentError("request.required", f"{name} is required", field=name)
        values.append(value)
    return values


def refuse_unknown(body: dict[str, Any], known: Collection[str]) -> None:
    """Raises InvalidArgumentError naming the first member that is not one of `known`."""
    for name in body:
        if name not in known:
            raise InvalidArgumentError("request.unknown_field", f"{name} is not a field here", field=name)


def require_unicode(text: str, field: str) -> str:
    """`text`, which can be sent on. Raises InvalidArgumentError naming `field` for a lone surrogate, which
    JSON can spell and UTF-8 cannot. Bytes of a header that are no UTF-8 are read as such ones."""
    if not _is_unicode(text):
        raise InvalidArgumentError("request.type", f"{field} is not valid Unicode", field=field)
    return text


def json_response(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """`value` as JSON that no cache keeps."""
    return web.Response(
        body=json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(),
        status=status,
        content_type="application/json",
        charset="utf-8",
        headers={"Cache-Control": "no-store"} | (headers or {}),
    )


def no_content() -> web.Response:
    """It is done, and there is nothing to tell."""
    return web.Response(status=204, headers={"Cache-Control": "no-store"})


def _require_unicode_in(value: Any, steps: list[str | int]) -> None:
    """`steps`, names and indices, lead to it. They are put together for what is at fault alone: a name may be
    long, and have many items."""
    if isinstance(value, str):
        if not _is_unicode(value):
            path = _path(steps)
            raise InvalidArgumentError("request.type", f"{path} is not valid Unicode", field=path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            steps.append(index)
            _require_unicode_in(item, steps)
            steps.pop()
    elif isinstance(value, dict):
        for name, item in value.items():
            if not _is_unicode(name):
                raise InvalidArgumentError(
                    "request.json", "the name of a member is not valid Unicode", field=_path(steps)
                )
            steps.append(name)
            _require_unicode_in(item, steps)
            steps.pop()


def _path(steps: list[str | int]) -> str:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")
    return path if len(path) <= LONGEST_PATH else f"{path[:LONGEST_PATH]}…"


def _too_long() -> web.Response:
    detail = f"the body of this request has at most {SMALL_BODY_BYTES} bytes"
    return problem(413, "http.request_entity_too_large", detail)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a member is given twice")
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
