"""Instants as text."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def format_instant(instant_ms: int) -> str:
    """ms since 1970 UTC by RFC 3339, in UTC with milliseconds."""
    moment = _EPOCH + timedelta(milliseconds=instant_ms)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
