"""Requests for a part of a representation (RFC 9110, section 14). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.gateway.http.routes import Parameter

RANGE_PARAMETERS = (
    Parameter("Range", "One range, as `bytes=1000-`; several are answered whole.", place="header"),
    Parameter("If-Range", "The ETag of what is there already; whole if it has changed.", place="header"),
)
_RANGE = re.compile(r"bytes\s*=\s*(?:([0-9]{1,18})\s*-\s*([0-9]{1,18})?|-\s*([0-9]{1,18}))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Bytes [start, end) of `size`."""

    start: int
    end: int
    size: int

    @property
    def status(self) -> int:
        """416: there are no such bytes."""
        if self.start >= self.end and self.size > 0:
            return 416
        return 200 if self.end - self.start == self.size else 206

    @property
    def headers(self) -> dict[str, str]:
        told = {"Accept-Ranges": "bytes"}
        if self.status == 416:
            told["Content-Range"] = f"bytes */{self.size}"
        elif self.status == 206:
            told["Content-Range"] = f"bytes {self.start}-{self.end - 1}/{self.size}"
        return told


def read_range(range_header: str | None, if_range: str | None, etag: str, size: int) -> Wanted:
    """Which bytes are wanted. `etag`: the current one, strong, with its quotes.

    All of them without a Range, with one that is not understood (14.2) or has several ranges, and when
    If-Range names another representation, or a date, which nothing here has (13.1.5).
    """
    match = _RANGE.fullmatch((range_header or "").strip())
    if match is None or (if_range is not None and if_range.strip() != etag):
        return Wanted(0, size, size)
    first, last, suffix = match.groups()
    if suffix is not None:
        wanted = min(int(suffix), size)
        return Wanted(size - wanted, size, size) if wanted else Wanted(size, size, size)
    if last is not None and int(last) < int(first):  # no range at all (14.1.1)
        return Wanted(0, size, size)
    start = min(int(first), size)
    return Wanted(start, size if last is None else min(int(last) + 1, size), size)
