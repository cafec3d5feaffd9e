"""Pages of a list (AIP-158)."""

import base64
import binascii

from services.storage.service.validation import check
from snowlight.errors import InvalidArgumentError

DEFAULT_PAGE_SIZE = 100
MAX_PAGE_SIZE = 1000


def read_page_size(page_size: int) -> int:
    """How many to list: 0 means 100, more than 1000 means 1000. Raises InvalidArgumentError."""
    check(page_size >= 0, "page_size", "page_size must not be negative")
    return min(page_size or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)


def page_token(last_key: str) -> str:
    """An opaque token for the page after the item with `last_key`."""
    return base64.urlsafe_b64encode(last_key.encode()).decode()


def read_page_token(token: str) -> str:
    """The key in a page token; empty for the first page. Raises InvalidArgumentError."""
    try:
        key = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise InvalidArgumentError(
            "request.invalid", "page_token is not one that was given out", field="page_token"
        ) from error
    check(key.isprintable(), "page_token", "page_token is not one that was given out")
    return key
