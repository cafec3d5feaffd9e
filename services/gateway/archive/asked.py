"""What is asked of archive playlists: a range of a ticket's window, and how gaps are told."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from services.gateway.archive.playlist import Range
from services.gateway.http.instants import parse_range
from services.gateway.http.routes import Parameter
from snowlight.access.token import TicketClaims
from snowlight.errors import InvalidArgumentError
from snowlight.instants import format_instant

LONGEST_MS = 86_400_000
"""As long as the window of any ticket."""
_INSTANT = {"type": "string", "format": "date-time"}
RANGE_ALONE = (
    Parameter("start", "Begin of the range; left out with end, the whole window.", _INSTANT),
    Parameter("end", "End of the range, a day after start at most.", _INSTANT),
)
RANGE = (
    *RANGE_ALONE,
    Parameter(
        "gaps",
        "`show` keeps gaps, as EXT-X-GAP; left out, they are skipped.",
        {"type": "string", "enum": ["show"]},
    ),
)


def read_range(query: Mapping[str, str], claims: TicketClaims, now_ms: int) -> Range:
    """What a query asks for.

    Raises InvalidArgumentError naming the parameter, also of a range that begins in the future, and
    PermissionDeniedError for one that leaves the ticket's window.
    """
    start, end = query.get("start"), query.get("end")
    if start is None and end is None:
        start_ms, end_ms = claims.window_start_ms, claims.window_end_ms
    else:
        start_ms, end_ms = parse_range(start, end, longest_ms=LONGEST_MS)
        if start_ms > now_ms:
            raise InvalidArgumentError("request.range", "start must not be in the future", field="start")
    gaps = query.get("gaps")
    if gaps not in (None, "show"):
        raise InvalidArgumentError("request.gaps", "gaps must be show, or left out", field="gaps")
    claims.require_window(start_ms, end_ms)
    return Range(start_ms, end_ms, now_ms, show_gaps=gaps == "show")


def same_query(query: Mapping[str, str], asked: Range) -> str:
    """The query, "?" and all, by which another playlist is of the same range; empty for none."""
    wanted = {}
    if "start" in query:
        wanted = {"start": format_instant(asked.start_ms), "end": format_instant(asked.end_ms)}
    if asked.show_gaps:
        wanted["gaps"] = "show"
    return f"?{urlencode(wanted, safe=':')}" if wanted else ""
