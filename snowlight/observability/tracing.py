"""Spans of a request, for whoever collects them. OpenTelemetry is loaded only where that is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from snowlight.config import TracingSettings
from snowlight.observability.trace_context import TraceContext, new_trace

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

Attributes = Mapping[str, str | int]
"""By the names of OpenTelemetry's semantic conventions. Never of tickets, tokens, credentials or persons."""

_EXPORTING = "snowlight.observability.exporting"


class Span(Protocol):
    """A call or step of a request, until it ends."""

    @property
    def context(self) -> TraceContext:
        """What calls made in it name as their parent."""

    @property
    def is_recorded(self) -> bool:
        """Whether anybody will see it."""

    def end(self, attributes: Attributes, *, failed: bool = False) -> None:
        """It is over. `attributes` are added to those it began with."""


class Tracing(Protocol):
    """Begins spans."""

    def serve(self, name: str, parent: TraceContext | None, attributes: Attributes) -> Span:
        """A request served. Without `parent` it begins a trace."""

    def call(self, name: str, parent: TraceContext, attributes: Attributes) -> Span:
        """A call made to another service."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Spans are sent while the context is open; what is left goes out at its end, or is dropped."""


class _Unseen:
    is_recorded = False

    def __init__(self, context: TraceContext) -> None:
        self.context = context

    def end(self, attributes: Attributes, *, failed: bool = False) -> None:
        pass


class Untraced:
    """Requests have ids, and nobody collects spans."""

    def serve(self, name: str, parent: TraceContext | None, attributes: Attributes) -> Span:
        """A request served."""
        return _Unseen(parent or new_trace())

    def call(self, name: str, parent: TraceContext, attributes: Attributes) -> Span:
        """A call made to another service."""
        return _Unseen(parent)

    def running(self) -> AbstractAsyncContextManager[None]:
        """Nothing is to be sent."""
        return nullcontext()


def open_tracing(
    settings: TracingSettings, service: str, registry: CollectorRegistry, *, flush_s: float
) -> Tracing:
    """Tracing of one process in the name of `service`, which may take `flush_s` seconds at the end.

    Raises FailedPreconditionError when the collector's authorities cannot be read.
    """
    if settings.endpoint is None:
        return Untraced()
    tracing: Tracing = import_module(_EXPORTING).Exported(settings, service, registry, flush_s=flush_s)
    return tracing
