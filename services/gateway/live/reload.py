"""Blocking playlist reload: the delivery directives of a request (RFC 8216bis section 6.2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.gateway.http.routes import Parameter
from services.gateway.live.playlist import target_duration_s
from services.gateway.live.window import LiveWindow
from snowlight.errors import InvalidArgumentError

SEGMENTS_AHEAD = 2
PARTS_AHEAD = 3
"""The advance part limit (section 6.2.5.2) of parts shorter than a second."""
TARGETS_LONG = 3
"""An answer is held for so many target durations at most."""

_SEGMENT, _PART = "_HLS_msn", "_HLS_part"
_NUMBER = {"type": "integer", "minimum": 0}
BLOCKING = (
    Parameter(_SEGMENT, "Answer once the playlist has this media sequence number.", _NUMBER),
    Parameter(_PART, "Or this part of it already, counted from 0; only with _HLS_msn.", _NUMBER),
)


@dataclass(frozen=True, slots=True)
class Reload:
    """Up to where the playlist must have come before it is answered."""

    segment: int
    part: int | None

    def check(self, window: LiveWindow) -> None:
        """Raises InvalidArgumentError for what lies further ahead than a player may ask for."""
        newest = window.listed()[-1].number
        if self.segment > newest + SEGMENTS_AHEAD:
            raise InvalidArgumentError(
                "live.too_far_ahead", f"{_SEGMENT} may be {newest + SEGMENTS_AHEAD} at most", field=_SEGMENT
            )
        _, coming = window.coming()
        if self.segment == newest + 1 and self.part is not None and self.part >= len(coming) + PARTS_AHEAD:
            raise InvalidArgumentError(
                "live.too_far_ahead", f"{_PART} may be {len(coming) + PARTS_AHEAD - 1} at most", field=_PART
            )

    def longest_s(self, window: LiveWindow) -> float:
        """How long the answer may be held, seconds."""
        return TARGETS_LONG * target_duration_s(window.listed())


def read_reload(query: Mapping[str, str]) -> Reload | None:
    """The directives in a query, None when it has none. Raises InvalidArgumentError naming the field."""
    segment, part = query.get(_SEGMENT), query.get(_PART)
    if segment is None:
        if part is not None:
            raise InvalidArgumentError("request.invalid", f"{_PART} needs {_SEGMENT}", field=_PART)
        return None
    return Reload(_number(segment, _SEGMENT), None if part is None else _number(part, _PART))


def _number(value: str, field: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 16):
        raise InvalidArgumentError("request.invalid", f"{field} must be a whole number", field=field)
    return int(value)
