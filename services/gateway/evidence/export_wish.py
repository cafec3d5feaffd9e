"""What is asked of an export, read strictly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.gateway.http.bodies import take_strings
from services.gateway.http.instants import check_range, parse_range
from snowlight.errors import InvalidArgumentError

MOST_CAMERAS = 16
LONGEST_WINDOW_MS = 24 * 3_600_000
CUTS = ("KEY_FRAME", "EXACT")
_LONGEST_CASE, _LONGEST_REASON = 200, 400
"""Characters: both go into the purpose that auth puts on record, whole."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants exported."""

    cameras: tuple[str, ...]
    """ "cameras/{id}" """
    start_ms: int
    end_ms: int
    case_number: str
    reason: str
    cut: str
    burn_in: bool

    def checked(self, now_ms: int) -> Wish:
        """The same, its texts without blanks around them. Raises InvalidArgumentError naming the field."""
        check_range(self.start_ms, self.end_ms, longest_ms=LONGEST_WINDOW_MS)
        if self.start_ms <= 0:
            raise InvalidArgumentError("request.range", "start must be after 1970", field="start")
        if self.end_ms > now_ms:
            raise InvalidArgumentError("request.range", "end lies in the future", field="end")
        return replace(
            self,
            case_number=_text(self.case_number, "case_number", _LONGEST_CASE),
            reason=_text(self.reason, "reason", _LONGEST_REASON),
        )


def read_wish(body: dict[str, Any], now_ms: int) -> Wish:
    """Raises InvalidArgumentError naming the field."""
    cameras = _cameras(body.pop("cameras", None))
    burn_in = body.pop("burn_in", False)
    if not isinstance(burn_in, bool):
        raise InvalidArgumentError("request.type", "burn_in must be true or false", field="burn_in")
    start, end, case_number, reason, cut = take_strings(
        body, ("start", "end", "case_number", "reason"), ("cut",)
    )
    start_ms, end_ms = parse_range(start, end)
    if cut not in ("", *CUTS):
        raise InvalidArgumentError("request.invalid", f"cut must be one of {', '.join(CUTS)}", field="cut")
    wish = Wish(cameras, start_ms, end_ms, case_number, reason, cut or CUTS[0], burn_in)
    return wish.checked(now_ms)


def _cameras(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InvalidArgumentError("request.type", "cameras must be a list", field="cameras")
    for at, name in enumerate(value):
        if not isinstance(name, str):
            raise InvalidArgumentError("request.type", "a camera must be a string", field=f"cameras[{at}]")
    check_cameras(value)
    return tuple(value)


def check_cameras(names: Sequence[str]) -> None:
    """Raises InvalidArgumentError unless they are 1 to MOST_CAMERAS, each named once."""
    if not 1 <= len(names) <= MOST_CAMERAS:
        raise InvalidArgumentError(
            "request.invalid", f"cameras must be a list of 1 to {MOST_CAMERAS}", field="cameras"
        )
    for at, name in enumerate(names):
        if name in names[:at]:
            raise InvalidArgumentError("request.invalid", "a camera is named twice", field=f"cameras[{at}]")


def _text(value: str, field: str, longest: int) -> str:
    text = value.strip()
    if not text:
        raise InvalidArgumentError("request.required", f"{field} is required", field=field)
    if len(text) > longest:
        raise InvalidArgumentError(
            "request.invalid", f"{field} may have {longest} characters at most", field=field
        )
    return text
