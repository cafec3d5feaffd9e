"""Finds what the URIs of archive playlists name, inside the ticket's window."""

from __future__ import annotations

import re

from services.gateway.archive.index import YOUNG_S, FootageIndex
from services.gateway.archive.pieces import LONGEST_REQUEST_MS, Piece
from services.gateway.archive.recording import Recording
from snowlight.access.token import TicketClaims
from snowlight.errors import NotFoundError, PermissionDeniedError

_SEGMENT_NAME = re.compile(r"([0-9]{1,15})-([1-9][0-9]{0,4})")


async def named_segment(index: FootageIndex, claims: TicketClaims, name: str) -> Piece:
    """The piece `{start_ms}-{count}`. Raises as `named_piece`."""
    match = _SEGMENT_NAME.fullmatch(name)
    if match is None:
        raise NotFoundError("vod.unknown_part", "there is no such segment")
    return await named_piece(index, claims, int(match[1]), int(match[2]))


async def named_piece(index: FootageIndex, claims: TicketClaims, start_ms: int, count: int) -> Piece:
    """So many fragments from the one that starts at this instant, ms since 1970 UTC.

    Raises NotFoundError when there are none, and PermissionDeniedError for what leaves the window.
    """
    for max_age_s in (None, YOUNG_S):  # the newest fragments may be younger than what is known here
        for recording in await index.holding(claims.camera_uid, start_ms, max_age_s=max_age_s):
            first = recording.fragment_starting(start_ms)
            if first is None or first + count > recording.count:
                continue
            piece = Piece(recording, first, count)
            if count > 1 and piece.duration_ms > LONGEST_REQUEST_MS:
                continue
            if not piece.lies_within(claims.window_start_ms, claims.window_end_ms):
                raise _outside_window()
            return piece
    raise _unknown(claims, start_ms)


async def named_recording(index: FootageIndex, claims: TicketClaims, instant_ms: int) -> Recording:
    """The recording that starts at the instant, as playlists name it, or else one in which it lies.

    Raises NotFoundError when there is none, and PermissionDeniedError for one that lies outside the window.
    """
    found = await _recording(index, claims, instant_ms)
    if found.start_ms >= claims.window_end_ms or found.end_ms <= claims.window_start_ms:
        raise _outside_window()
    return found


async def _recording(index: FootageIndex, claims: TicketClaims, instant_ms: int) -> Recording:
    holding: list[Recording] = []
    for max_age_s in (None, YOUNG_S):
        holding = await index.holding(claims.camera_uid, instant_ms, max_age_s=max_age_s)
        for recording in holding:
            if recording.start_ms == instant_ms:
                return recording
    if not holding:
        raise _unknown(claims, instant_ms)
    return holding[0]


def _unknown(claims: TicketClaims, instant_ms: int) -> NotFoundError | PermissionDeniedError:
    if not claims.window_start_ms <= instant_ms < claims.window_end_ms:
        return _outside_window()
    return NotFoundError("vod.unknown_part", "there is no such footage")


def _outside_window() -> PermissionDeniedError:
    return PermissionDeniedError("ticket.outside_window", "this footage leaves the ticket's window")
