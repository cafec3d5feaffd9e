"""Instants as text."""

from datetime import datetime, timedelta

_EPOCH = datetime(1970, 1, 1)  # of UTC, as all here


def format_instant(instant_ms: int) -> str:
    """ms since 1970 UTC by RFC 3339, in UTC with milliseconds."""
    moment = _EPOCH + timedelta(milliseconds=instant_ms)
    return f"{moment.isoformat(timespec='milliseconds')}Z"
