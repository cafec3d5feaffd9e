"""Page tokens of ListCameras (AIP-158): opaque, and good only for the list they came from."""

import base64
import binascii
import json

from services.ingest.registry.validation import invalid

DEFAULT_SIZE = 100
MAX_SIZE = 1000


def check_page_size(page_size: int) -> int:
    """0 means the default."""
    if not 0 <= page_size <= MAX_SIZE:
        raise invalid("page_size", f"must be 1 to {MAX_SIZE}, or 0 for {DEFAULT_SIZE}")
    return page_size or DEFAULT_SIZE


def encode_token(region: str, after_id: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([region, after_id]).encode()).decode().rstrip("=")


def decode_token(token: str, region: str) -> str:
    """The id after which the page begins; "" for an empty token."""
    if not token:
        return ""
    try:
        decoded = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError):
        decoded = None
    match decoded:
        case [str(of_region), str(after_id)] if of_region == region:
            return after_id
        case _:
            raise invalid("page_token", "does not belong to this list")
