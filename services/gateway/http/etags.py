"""Changes that are based on what somebody has read (RFC 9110, section 13.1.1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

from services.gateway.http.bodies import require_unicode
from services.gateway.http.routes import Parameter
from snowlight.errors import AbortedError, FailedPreconditionError, InvalidArgumentError

IF_MATCH = Parameter("If-Match", "The etag that the change is based on.", place="header")


def read_if_match(request: web.Request) -> str:
    """The etag of If-Match; "" when there is none or any will do. Raises InvalidArgumentError when it is no
    text."""
    value = require_unicode(request.headers.get("If-Match", ""), "If-Match").strip()
    return "" if value == "*" else value.removeprefix("W/").strip('"')


def body_etag(body: dict[str, Any]) -> str:
    """The etag in a body; "" when there is none. Raises InvalidArgumentError when it is no string."""
    etag = body.get("etag") or ""
    if not isinstance(etag, str):
        raise InvalidArgumentError("request.type", "etag must be a string", field="etag")
    return etag


@contextmanager
def preconditions(if_match: str) -> Iterator[None]:
    """A stale If-Match is 412 (section 15.5.13), a stale etag in the body 409."""
    try:
        yield
    except AbortedError as error:
        if not if_match:
            raise
        raise FailedPreconditionError(error.code, error.detail) from error


def etag_header(etag: str) -> dict[str, str]:
    """The header that tells of a representation's etag (section 8.8.3)."""
    return {"ETag": f'"{etag}"'}
