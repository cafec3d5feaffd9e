"""Events as text/event-stream (WHATWG HTML, 9.2), and the ids by which a client goes on."""

from __future__ import annotations

from collections.abc import Mapping

from services.gateway.events.mark import Mark

RETRY = b"retry: 2000\n\n"
"""How long a client waits before it comes again, ms."""
ANEW = "reset"
"""The id of what is told after a reset, until all is: who comes back with it begins anew."""


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
    return Mark.read(text, "last_event_id")
