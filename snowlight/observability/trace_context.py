"""Which request a task works for: W3C Trace Context, whose trace id is the request's id in all logs.

A request's id is made, or believed, where it comes in; calls to other services carry it. Work that no request
waits for has none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import structlog

TRACEPARENT = "traceparent"
"""The name of the header, and of the entry in gRPC's metadata."""
_LOGGED = "trace_id"
_SAMPLED = 1
_FIELD = re.compile(
    r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
)
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A place in a request's tree of calls."""

    trace_id: str
    """32 hexadecimal digits, the same in all of the request."""
    span_id: str
    """16 hexadecimal digits: the call or step that others are below."""
    sampled: bool
    """Whether its spans are collected."""

    def traceparent(self) -> str:
        """The header's value (Trace Context, section 3.2)."""
        return f"00-{self.trace_id}-{self.span_id}-{_SAMPLED if self.sampled else 0:02x}"


_current: ContextVar[TraceContext | None] = ContextVar("trace_context", default=None)


def new_trace() -> TraceContext:
    """The beginning of a request that nobody has named yet."""
    drawn = os.urandom(24).hex()
    return TraceContext(drawn[:32], drawn[32:], sampled=False)


def parse_traceparent(field: str) -> TraceContext | None:
    """What a header says; None unless it is well-formed (Trace Context, section 3.2.2). Later versions are
    read as far as the first one goes (section 4.3)."""
    found = _FIELD.fullmatch(field) if len(field) <= _LONGEST else None
    if found is None or (found[1] == "00" and found[5] is not None):
        return None
    return TraceContext(found[2], found[3], sampled=bool(int(found[4], 16) & _SAMPLED))


def current_trace() -> TraceContext | None:
    """Of the request that this task works for; None when there is none."""
    return _current.get()


def work_for(trace: TraceContext) -> None:
    """Note for which request this task works, to its end: it is in all that the task logs and calls."""
    _current.set(trace)
    structlog.contextvars.bind_contextvars(**{_LOGGED: trace.trace_id})


@contextmanager
def working_for(trace: TraceContext) -> Iterator[None]:
    """As `work_for`, for the time of a body: a task that works for one request after the other."""
    before = _current.set(trace)
    try:
        with structlog.contextvars.bound_contextvars(**{_LOGGED: trace.trace_id}):
            yield
    finally:
        _current.reset(before)
