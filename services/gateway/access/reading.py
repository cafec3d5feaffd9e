"""Fields of the door's requests, read strictly. Each raises InvalidArgumentError naming the field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from services.gateway.http.paging import DEFAULT_PAGE, LARGEST_PAGE
from snowlight.errors import InvalidArgumentError, SnowlightError

_LAST_S = 253_402_300_799  # the end of year 9999, which RFC 3339 can still write
_NANOS = 1_000_000_000


class Paged(Protocol):
    """A request for a page (AIP-158)."""

    page_size: int
    page_token: str


def read_page_size(page_size: int) -> int:
    """0 to LARGEST_PAGE; 0: as many as is usual."""
    if not 0 <= page_size <= LARGEST_PAGE:
        raise InvalidArgumentError(
            "request.page_size", f"page_size must be 1 to {LARGEST_PAGE}", field="page_size"
        )
    return page_size or DEFAULT_PAGE


def read_page(request: Paged) -> dict[str, Any]:
    """The fields of the request for that page behind."""
    return {"page_size": read_page_size(request.page_size), "page_token": request.page_token}


def read_instant(request: Message, field: str) -> int:
    """An instant that must be there, ms since 1970 UTC."""
    if not request.HasField(field):
        raise InvalidArgumentError("request.required", f"{field} is required", field=field)
    instant: Timestamp = getattr(request, field)
    if not (0 <= instant.seconds <= _LAST_S and 0 <= instant.nanos < _NANOS):
        raise InvalidArgumentError(
            "request.instant", f"{field} must lie in the years 1970 to 9999", field=field
        )
    return instant.ToMilliseconds()


def require_between(value: float, field: str, least: float, most: float) -> None:
    """`value` is a number from `least` to `most`."""
    if not least <= value <= most:  # nor is NaN
        raise InvalidArgumentError(
            "request.invalid", f"{field} must be a number from {least} to {most}", field=field
        )


def require_text(value: str, field: str) -> str:
    """A text that is not blank, without the blanks around it."""
    if not value.strip():
        raise InvalidArgumentError("request.required", f"{field} is required", field=field)
    return value.strip()


@contextmanager
def told_as(names: Mapping[str, str]) -> Iterator[None]:
    """What is wrong with a field that has another name behind the door is told by the door's own."""
    try:
        yield
    except SnowlightError as error:
        name, rest = re.fullmatch(r"([^\[]*)(.*)", error.field, re.DOTALL).groups()  # type: ignore[union-attr]
        if name not in names:
            raise
        behind = name.rpartition(".")[2]
        detail = re.sub(rf"\b{re.escape(behind)}\b", names[name], error.detail)
        raise type(error)(
            error.code, detail, field=names[name] + rest, retry_after_s=error.retry_after_s
        ) from error
