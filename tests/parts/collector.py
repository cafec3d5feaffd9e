"""A collector of spans: OTLP's trace service over gRPC, which remembers what it was sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from tests.parts.certificates import Issued
from tests.waiting import eventually

SpanKind = str
_KINDS = {2: "server", 3: "client"}  # opentelemetry.proto.trace.v1.Span.SpanKind


@dataclass(frozen=True)
class Collected:
    """A span as it came."""

    service: str
    name: str
    kind: SpanKind
    trace_id: str
    span_id: str
    parent_id: str
    """Empty for the first of a trace."""
    failed: bool
    attributes: dict[str, str | int]


@dataclass
class Collector:
    """A running collector."""

    address: str
    spans: list[Collected] = field(default_factory=list)
    metadata: list[dict[str, str]] = field(default_factory=list)
    """Of each call."""
    raw: list[bytes] = field(default_factory=list)
    """All that was sent."""

    def of(self, trace_id: str) -> list[Collected]:
        """The spans of one trace."""
        return [span for span in self.spans if span.trace_id == trace_id]

    async def wait_for(self, trace_id: str, are_all: Callable[[list[Collected]], bool]) -> list[Collected]:
        """The spans of a trace, once they are all there."""

        async def came() -> bool:
            return are_all(self.of(trace_id))

        await eventually(came, 30)
        return self.of(trace_id)

    async def Export(  # noqa: N802
        self, request: trace_service_pb2.ExportTraceServiceRequest, context: Any
    ) -> trace_service_pb2.ExportTraceServiceResponse:
        """The one method of opentelemetry.proto.collector.trace.v1.TraceService."""
        self.raw.append(request.SerializeToString())
        self.metadata.append(dict(context.invocation_metadata()))
        for of_resource in request.resource_spans:
            service = _attributes(of_resource.resource.attributes)["service.name"]
            for of_scope in of_resource.scope_spans:
                self.spans += [_collected(str(service), span) for span in of_scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()


@asynccontextmanager
async def run_collector(port: int = 0, *, tls: Issued | None = None) -> AsyncIterator[Collector]:
    """A collector on loopback while the context is open. `tls`: its certificate; without, plain text."""
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    address = f"127.0.0.1:{port}"
    if tls is None:
        bound = server.add_insecure_port(address)
    else:
        bound = server.add_secure_port(address, grpc.ssl_server_credentials([(tls.key, tls.certificate)]))
    collector = Collector(f"127.0.0.1:{bound}")
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]
    await server.start()
    try:
        yield collector
    finally:
        await server.stop(0)


def _collected(service: str, span: Any) -> Collected:
    return Collected(
        service,
        span.name,
        _KINDS[span.kind],
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.status.code == span.status.STATUS_CODE_ERROR,
        _attributes(span.attributes),
    )


def _attributes(pairs: Any) -> dict[str, str | int]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}
