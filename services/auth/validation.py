"""Checks that name the field they refuse."""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from snowlight.errors import InvalidArgumentError

MAX_PAGE_SIZE = 1000
DEFAULT_PAGE_SIZE = 100

_T = TypeVar("_T")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def check_text(value: str, field: str, *, max_length: int, required: bool = False) -> str:
    """`value` without blanks around it. Raises InvalidArgumentError for control characters or too many."""
    value = value.strip()
    if required and not value:
        raise InvalidArgumentError("request.required", f"{field} is required", field=field)
    if len(value) > max_length:
        raise invalid(field, f"must have at most {max_length} characters")
    if not value.isprintable():
        raise invalid(field, "must not hold control characters")
    return value


def check_address(value: str) -> str:
    """The address behind a call, as a service tells it. Raises InvalidArgumentError("remote_address")."""
    return check_text(value, "remote_address", max_length=64)


def check_page_size(page_size: int) -> int:
    """How many to list (AIP-158): 0 means 100, more than 1000 means 1000."""
    if page_size < 0:
        raise invalid("page_size", "must not be negative")
    return min(page_size or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)


def page_token(last_key: str) -> str:
    """An opaque token for the page after the item with `last_key`."""
    return base64.urlsafe_b64encode(last_key.encode()).decode()


def page_of(found: Sequence[_T], size: int, key: Callable[[_T], str]) -> tuple[Sequence[_T], str]:
    """What to show of one more than a page, and the token of the page after it."""
    return found[:size], page_token(key(found[size - 1])) if len(found) > size else ""


def key_of_page_token(token: str) -> str:
    """The key in a page token; empty for the first page. Raises InvalidArgumentError("page_token")."""
    try:
        key = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise invalid("page_token", "is not one that was given out") from error
    if not key.isprintable():
        raise invalid("page_token", "is not one that was given out")
    return key


def check_id(value: str, field: str) -> str:
    """An opaque id. Raises InvalidArgumentError unless it has 1 to 64 letters, digits, - _ or dots."""
    if not _ID.fullmatch(value):
        raise invalid(field, "must be 1 to 64 letters, digits, -, _ or dots")
    return value


def region_code(name: str, field: str) -> str:
    """The code of "regions/{code}"."""
    prefix, _, code = name.partition("/")
    if prefix != "regions" or not code or not code.isprintable() or "/" in code:
        raise invalid(field, 'must be "regions/{code}"')
    return code


def invalid(field: str, problem: str) -> InvalidArgumentError:
    """The error for a field that holds something it must not."""
    return InvalidArgumentError("request.invalid", f"{field} {problem}", field=field)
