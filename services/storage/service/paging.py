"""Page tokens (AIP-158): opaque, and good only for the list they came from."""

import base64
import binascii
import json

from services.storage.service.validation import check
from snowlight.errors import InvalidArgumentError

DEFAULT_SIZE = 100
MAX_SIZE = 1000


def check_page_size(page_size: int) -> int:
    """0 means the default."""
    check(0 <= page_size <= MAX_SIZE, "page_size", f"must be 1 to {MAX_SIZE}, or 0 for {DEFAULT_SIZE}")
    return page_size or DEFAULT_SIZE


def encode_token(of_list: str, after: str) -> str:
    """`of_list` names the list and whatever filters it."""
    return base64.urlsafe_b64encode(json.dumps([of_list, after]).encode()).decode().rstrip("=")


def decode_token(token: str, of_list: str) -> str:
    """What the page begins after; "" for an empty token. Raises InvalidArgumentError for a foreign one."""
    if not token:
        return ""
    try:
        decoded = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError):
        decoded = None
    match decoded:
        case [str(name), str(after)] if name == of_list:
            return after
        case _:
            raise InvalidArgumentError("request.invalid", "does not belong to this list", field="page_token")
