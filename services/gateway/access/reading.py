"""Fields of the door's requests, read strictly. Each raises InvalidArgumentError naming the field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from services.gateway.http.instants import FIRST_MS, LAST_MS
from services.gateway.http.paging import DEFAULT_PAGE, LARGEST_PAGE
from snowlight.errors import InvalidArgumentError, SnowlightError

_NANOS = 1_000_000_000
_DAY_MS = 86_400_000


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
    instant_ms = instant.seconds * 1000 + instant.nanos // 1_000_000
    if not (FIRST_MS <= instant_ms <= LAST_MS and 0 <= instant.nanos < _NANOS):
        raise InvalidArgumentError("request.instant", f"{field} must lie in years 1 to 9999", field=field)
    return instant_ms


def read_window(request: Message, *, longest_ms: int) -> tuple[int, int]:
    """[start_time, end_time), ms since 1970 UTC; both must be there."""
    start_ms, end_ms = read_instant(request, "start_time"), read_instant(request, "end_time")
    if end_ms <= start_ms:
        raise InvalidArgumentError("request.range", "end_time must be after start_time", field="end_time")
    if end_ms - start_ms > longest_ms:
        longest = "24 hours" if longest_ms == _DAY_MS else f"{longest_ms // _DAY_MS} days"
        raise InvalidArgumentError("request.range", f"the window may be {longest} at most", field="end_time")
    return start_ms, end_ms


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
