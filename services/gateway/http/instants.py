"""Instants as RFC 3339 text, read strictly."""

import re
from datetime import UTC, datetime, timedelta

from snowlight.errors import InvalidArgumentError

_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?P<fraction>\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MS = 86_400_000
_MILLISECOND = timedelta(milliseconds=1)
FIRST_MS = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND
LAST_MS = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND
"""Year 1 to year 9999 of UTC: an offset can lead out of what can be written again."""


def parse_instant(text: str, field: str) -> int:
    """ms since 1970 UTC. Raises InvalidArgumentError naming `field` unless it is RFC 3339 (section 5.6)."""
    match = _RFC3339.fullmatch(text)
    if match is not None:
        try:
            fraction = match["fraction"] or ""
            whole = text.upper().replace(fraction, "", 1) if fraction else text.upper()
            seconds = datetime.fromisoformat(whole.replace("Z", "+00:00"))
            instant_ms = (seconds - _EPOCH) // _MILLISECOND + int((fraction[1:] + "000")[:3])
            if FIRST_MS <= instant_ms <= LAST_MS:
                return instant_ms
        except (ValueError, OverflowError):
            pass
    raise InvalidArgumentError(
        "request.instant",
        f"{field} must be an RFC 3339 instant with Z or an offset, as 2026-01-31T08:00:00Z",
        field=field,
    )


def parse_range(start: str | None, end: str | None, *, longest_ms: int | None = None) -> tuple[int, int]:
    """[start, end) of a request, ms since 1970 UTC. Raises InvalidArgumentError naming start or end."""
    for text, field in ((start, "start"), (end, "end")):
        if not text:
            raise InvalidArgumentError("request.required", f"{field} is required", field=field)
    assert start is not None
    assert end is not None
    start_ms, end_ms = parse_instant(start, "start"), parse_instant(end, "end")
    check_range(start_ms, end_ms, longest_ms=longest_ms)
    return start_ms, end_ms


def check_range(start_ms: int, end_ms: int, *, longest_ms: int | None = None) -> None:
    """Raises InvalidArgumentError naming end unless [start, end) is a range, of `longest_ms` at most."""
    if end_ms <= start_ms:
        raise InvalidArgumentError("request.range", "end must be after start", field="end")
    if longest_ms is not None and end_ms - start_ms > longest_ms:
        longest = "a day" if longest_ms == _DAY_MS else f"{longest_ms // _DAY_MS} days"
        raise InvalidArgumentError("request.range", f"the range may be {longest} at most", field="end")
