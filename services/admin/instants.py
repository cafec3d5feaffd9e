"""Instants as people write them at the command line."""

from datetime import datetime
from zoneinfo import ZoneInfo

from snowlight.errors import InvalidArgumentError


def read_instant(text: str, field: str, zone: ZoneInfo) -> int:
    """ms since 1970 UTC. A time without an offset is one of `zone`.

    Raises InvalidArgumentError naming `field`.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidArgumentError(
            "admin.time", f"{field} must be a time like 2026-11-26T08:00", field=field
        ) from error
    return int((instant if instant.tzinfo else instant.replace(tzinfo=zone)).timestamp() * 1000)
