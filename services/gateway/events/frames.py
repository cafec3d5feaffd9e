"""Events as text/event-stream (WHATWG HTML, 9.2), and the ids by which a client goes on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from services.gateway.cameras.journal import Place
from snowlight.errors import InvalidArgumentError

RETRY = b"retry: 2000\n\n"
"""How long a client waits before it comes again, ms."""
ANEW = "reset"
"""The id of what is told after a reset, until all is: who comes back with it begins anew."""

_MARK = re.compile(r"(\d{1,18})\.([0-9a-f]{1,32})\.(\d{1,18})\.([0-9a-f]{1,64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where a client has been told, and what it could see then. Any gateway understands it."""

    place: Place
    digest: str
    """Names the set of cameras (`Sight.digest`)."""

    def __str__(self) -> str:
        return f"{self.place.revision}.{self.place.run}.{self.place.number}.{self.digest}"


def frame(kind: str, body: bytes, mark: Mark | str) -> bytes:
    """One event. `body` has no line breaks."""
    return b"event: %b\nid: %b\ndata: %b\n\n" % (kind.encode(), str(mark).encode(), body)


def heartbeat(mark: Mark) -> bytes:
    """A comment, so that nobody on the way takes the silence for an end. The id without data is no event, but
    is remembered: what happened meanwhile and is not this client's need not be looked through again."""
    return b": still here\nid: %b\n\n" % str(mark).encode()


def read_mark(headers: Mapping[str, str], query: Mapping[str, str]) -> Mark | None:
    """Where the client was; None for one that begins, or must. Raises InvalidArgumentError for what is no id
    of ours."""
    text = headers.get("Last-Event-ID", "") or query.get("last_event_id", "")
    if text in ("", ANEW):
        return None
    found = _MARK.fullmatch(text)
    if found is None:
        raise InvalidArgumentError(
            "request.last_event_id", "last_event_id must be the id of an event", field="last_event_id"
        )
    return Mark(Place(int(found[1]), found[2], int(found[3])), found[4])
