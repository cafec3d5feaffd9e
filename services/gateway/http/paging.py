"""Pages of a listing (AIP-158)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.gateway.http.routes import Parameter, Schema
from snowlight.errors import InvalidArgumentError

DEFAULT_PAGE = 100
LARGEST_PAGE = 1000
PAGE_PARAMETERS = (
    Parameter(
        "page_size", "How many a page, at most.", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE}
    ),
    Parameter("page_token", "next_page_token of the page before."),
)


def read_page(query: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a request for a page. Raises InvalidArgumentError("page_size")."""
    return {"page_size": read_page_size(query), "page_token": query.get("page_token", "")}


def read_page_size(
    query: Mapping[str, str], *, default: int = DEFAULT_PAGE, largest: int = LARGEST_PAGE
) -> int:
    """Raises InvalidArgumentError unless page_size is absent or 1 to `largest`."""
    text = query.get("page_size", "")
    if not text:
        return default
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(largest))
    if not (digits and 1 <= int(text) <= largest):
        raise InvalidArgumentError(
            "request.page_size", f"page_size must be 1 to {largest}", field="page_size"
        )
    return int(text)


def page_schema(collection: str, item: Schema) -> Schema:
    """The JSON Schema of a page of such items."""
    return {
        "type": "object",
        "properties": {
            collection: {"type": "array", "items": item},
            "next_page_token": {"type": "string", "description": "Empty on the last page."},
        },
    }
