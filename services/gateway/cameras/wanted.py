"""What people ask tickets for, read strictly, and tickets as they get them."""

from __future__ import annotations

from typing import Any

from services.gateway.http.instants import parse_range
from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.instants import format_instant

ACTIONS = ("live", "playback", "snapshot", "export")
INSTANT = {"type": "string", "format": "date-time"}
WINDOW = {
    "start": INSTANT | {"description": "Begin of the window; for playback and export alone."},
    "end": INSTANT | {"description": "End of the window, 24 hours after start at most."},
}
TICKET = {
    "type": "object",
    "properties": {
        "ticket": {"type": "string"},
        "ticket_id": {"type": "string", "description": "What the audit knows it by. Opens nothing."},
        "expire_time": INSTANT,
        "urls": {
            "type": "object",
            "properties": {"hls": {"type": "string"}, "snapshot": {"type": "string"}},
        },
        "watermark": {"type": "string", "description": "To be shown over the pictures; empty: nothing."},
    },
}
_PLAYLISTS = {"live": "live.m3u8", "playback": "vod.m3u8"}
_SNAPSHOTS = frozenset({"live", "playback", "snapshot"})


def read_window(
    wanted: auth_pb2.CreateTicketRequest | auth_pb2.CreateShareLinkRequest, start: str, end: str
) -> None:
    """Put the window in. Raises InvalidArgumentError naming the field."""
    if wanted.action not in ACTIONS:
        raise InvalidArgumentError(
            "request.action", f"action must be one of {', '.join(ACTIONS)}", field="action"
        )
    if wanted.action == "live":
        for text, field in ((start, "start"), (end, "end")):
            if text:
                raise InvalidArgumentError("request.window", f"a live ticket has no {field}", field=field)
        return
    if wanted.action == "snapshot" and not (start or end):
        return
    start_ms, end_ms = parse_range(start, end)
    wanted.start.FromMilliseconds(start_ms)
    wanted.end.FromMilliseconds(end_ms)


def ticket_json(ticket: auth_pb2.Ticket, action: str) -> dict[str, Any]:
    """The ticket and where it leads."""
    urls = {"hls": f"/hls/{ticket.ticket}/{_PLAYLISTS[action]}"} if action in _PLAYLISTS else {}
    if action in _SNAPSHOTS:
        urls["snapshot"] = f"/snapshot/{ticket.ticket}.jpg"
    return {
        "ticket": ticket.ticket,
        "ticket_id": ticket.ticket_id,
        "expire_time": format_instant(ticket.expire_time.ToMilliseconds()),
        "urls": urls,
        "watermark": ticket.watermark,
    }
