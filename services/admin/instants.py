"""Instants as people write them at the command line."""

from datetime import datetime

from snowlight.errors import InvalidArgumentError


def read_instant(text: str, field: str) -> int:
    """RFC 3339 with an offset, as ms since 1970 UTC. Raises InvalidArgumentError naming `field`."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise InvalidArgumentError(
            "admin.instant", f"{text!r} is no instant such as 2026-11-26T08:30:00+08:00", field=field
        )
    return round(parsed.timestamp() * 1000)
