"""What a request for recorded footage asks for, and whether its ticket opens it."""

from __future__ import annotations

import re

from aiohttp import web

from services.gateway.archive.index import YOUNG_S, FootageIndex
from services.gateway.archive.pieces import LONGEST_REQUEST_MS, Piece, cut
from services.gateway.http.instants import parse_range
from snowlight.access.token import TicketClaims
from snowlight.errors import NotFoundError, PermissionDeniedError

_SEGMENT_NAME = re.compile(r"([0-9]{1,15})-([1-9][0-9]{0,4})")


async def asked_range(
    request: web.Request, claims: TicketClaims, index: FootageIndex
) -> tuple[int, int, list[Piece]]:
    """Begin and end of a playlist's range, ms since 1970 UTC, and the pieces to play it, at least one.

    Raises InvalidArgumentError for a range that is none, PermissionDeniedError for one that leaves the window
    of the ticket, and NotFoundError when nothing was recorded in it.
    """
    start, end = request.query.get("start"), request.query.get("end")
    if start is None and end is None:
        start_ms, end_ms = claims.window_start_ms, claims.window_end_ms
    else:
        start_ms, end_ms = parse_range(start, end)
    claims.require_window(start_ms, end_ms)
    pieces = cut(await index.between(claims.camera_uid, start_ms, end_ms), start_ms, end_ms)
    if not pieces:
        raise NotFoundError("vod.no_footage", "nothing was recorded in this range")
    return start_ms, end_ms, pieces


async def asked_piece(name: str, claims: TicketClaims, index: FootageIndex) -> Piece:
    """The piece of this name, `{start_ms}-{count}`.

    Raises NotFoundError when there is none, and PermissionDeniedError when it leaves the ticket's window.
    """
    match = _SEGMENT_NAME.fullmatch(name)
    if match is None:
        raise NotFoundError("vod.unknown_part", "there is no such segment")
    piece = await _piece(claims, int(match[1]), int(match[2]), index)
    if not piece.lies_within(claims.window_start_ms, claims.window_end_ms):
        raise outside_window()
    return piece


async def _piece(claims: TicketClaims, start_ms: int, count: int, index: FootageIndex) -> Piece:
    for max_age_s in (None, YOUNG_S):  # the newest fragments may be younger than what is known here
        for recording in await index.holding(claims.camera_uid, start_ms, max_age_s=max_age_s):
            first = recording.fragment_starting(start_ms)
            if first is None or first + count > recording.count:
                continue
            piece = Piece(recording, first, count)
            if count == 1 or piece.duration_ms <= LONGEST_REQUEST_MS:
                return piece
    raise unknown(claims, start_ms)


def unknown(claims: TicketClaims, instant_ms: int) -> NotFoundError | PermissionDeniedError:
    """Why there is nothing at the instant."""
    if not claims.window_start_ms <= instant_ms < claims.window_end_ms:
        return outside_window()
    return NotFoundError("vod.unknown_part", "there is no such footage")


def outside_window() -> PermissionDeniedError:
    """Of what was recorded, but not in the ticket's window."""
    return PermissionDeniedError("ticket.outside_window", "this footage leaves the ticket's window")
