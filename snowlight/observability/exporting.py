"""Spans by OpenTelemetry's SDK, sent to a collector by OTLP over gRPC.

The SDK's own exporter sends from a thread, and tries again and logs as it likes. Here a task of the event
loop sends, out of a bounded queue: what a collector does not take in time is dropped and counted.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from socket import gethostname

import grpc
import structlog
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Span as OtelSpan
from prometheus_client import CollectorRegistry, Counter

from snowlight.config import TracingSettings
from snowlight.errors import FailedPreconditionError
from snowlight.observability.trace_context import TraceContext
from snowlight.observability.tracing import Attributes

log = structlog.get_logger(__name__)

QUEUED_SPANS = 4096
"""About 2 kB each."""
BATCH_SPANS = 128
"""Sent at once: encoding so many holds the event loop for some milliseconds."""
EACH_S = 1.0
SEND_S = 5.0
"""How long a collector may take for a batch."""


class Exported:
    """Begins spans, and sends those that were sampled."""

    def __init__(
        self, settings: TracingSettings, service: str, registry: CollectorRegistry, *, flush_s: float
    ) -> None:
        self._settings = settings
        self._flush_s = flush_s
        self._queue = _Queue(registry)
        self._credentials = _credentials(settings)
        provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(settings.sample_ratio)),
            resource=Resource(
                {
                    "service.namespace": "snowlight",
                    "service.name": service,
                    "service.version": version("snowlight"),
                    "service.instance.id": gethostname(),
                }
            ),
            shutdown_on_exit=False,
        )
        provider.add_span_processor(self._queue)
        self._tracer = provider.get_tracer("snowlight")

    def serve(self, name: str, parent: TraceContext | None, attributes: Attributes) -> _Recorded:
        """A request served. Without `parent` it begins a trace."""
        return self._begin(name, SpanKind.SERVER, parent, attributes)

    def call(self, name: str, parent: TraceContext, attributes: Attributes) -> _Recorded:
        """A call made to another service."""
        return self._begin(name, SpanKind.CLIENT, parent, attributes)

    def _begin(
        self, name: str, kind: SpanKind, parent: TraceContext | None, attributes: Attributes
    ) -> _Recorded:
        above = NonRecordingSpan(_span_context(parent)) if parent is not None else NonRecordingSpan(_NOTHING)
        return _Recorded(
            self._tracer.start_span(name, set_span_in_context(above), kind, attributes=dict(attributes))
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Sends while the context is open, and what is left at its end."""
        async with self._connect() as channel:
            stub = TraceServiceStub(channel)  # type: ignore[no-untyped-call]
            sending = asyncio.create_task(self._send_forever(stub), name="spans")
            try:
                yield
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
                try:
                    async with asyncio.timeout(self._flush_s):
                        while self._queue.waiting and not await self._send(stub):
                            pass
                except TimeoutError:
                    pass
                self._queue.drop_all()

    def _connect(self) -> grpc.aio.Channel:
        address = self._settings.address()
        if self._credentials is None:
            return grpc.aio.insecure_channel(address)
        return grpc.aio.secure_channel(address, self._credentials)

    async def _send_forever(self, stub: TraceServiceStub) -> None:
        is_taken = True
        while True:
            await asyncio.sleep(EACH_S)
            while len(self._queue.waiting):
                failed = await self._send(stub)
                was_taken, is_taken = is_taken, not failed
                if was_taken and not is_taken:
                    log.warning("tracing.collector_away", address=self._settings.address(), reason=failed)
                elif is_taken and not was_taken:
                    log.info("tracing.collector_back", address=self._settings.address())
                if not is_taken:
                    break

    async def _send(self, stub: TraceServiceStub) -> str:
        """Send a batch, or drop it: newer spans come all the time. Returns why it was not taken, if so."""
        batch = self._queue.take(BATCH_SPANS)
        try:
            await stub.Export(encode_spans(batch), timeout=SEND_S, metadata=self._settings.metadata())
        except grpc.aio.AioRpcError as error:
            reason = _reason(error)
            log.debug("tracing.not_taken", reason=reason, spans=len(batch))
            self._queue.dropped.inc(len(batch))
            return reason
        except asyncio.CancelledError:
            self._queue.give_back(batch)
            raise
        return ""


class _Queue(SpanProcessor):
    def __init__(self, registry: CollectorRegistry) -> None:
        self.waiting: deque[ReadableSpan] = deque()
        self.dropped = Counter(
            "snowlight_tracing_spans_dropped_total",
            "Spans that the collector did not take in time.",
            registry=registry,
        )

    def on_end(self, span: ReadableSpan) -> None:
        """A span is over: it waits, if there is room and it was sampled."""
        if not (span.context and span.context.trace_flags.sampled):
            return
        if len(self.waiting) >= QUEUED_SPANS:
            self.dropped.inc()
            return
        self.waiting.append(span)

    def take(self, most: int) -> Sequence[ReadableSpan]:
        """The oldest ones, up to `most`."""
        return [self.waiting.popleft() for _ in range(min(most, len(self.waiting)))]

    def give_back(self, batch: Sequence[ReadableSpan]) -> None:
        """They were not sent after all."""
        self.waiting.extendleft(reversed(batch))

    def drop_all(self) -> None:
        """Nobody will send them."""
        self.dropped.inc(len(self.waiting))
        self.waiting.clear()


class _Recorded:
    def __init__(self, span: OtelSpan) -> None:
        self._span = span
        self.is_recorded = span.is_recording()
        told = span.get_span_context()
        self.context = TraceContext(
            f"{told.trace_id:032x}", f"{told.span_id:016x}", sampled=told.trace_flags.sampled
        )

    def end(self, attributes: Attributes, *, failed: bool = False) -> None:
        """It is over. An error's words are not told: they may name what nobody outside may know."""
        if self.is_recorded:
            self._span.set_attributes(dict(attributes))
            if failed:
                self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


_NOTHING = SpanContext(0, 0, is_remote=False)


def _span_context(trace: TraceContext) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if trace.sampled else TraceFlags.DEFAULT)
    return SpanContext(int(trace.trace_id, 16), int(trace.span_id, 16), is_remote=True, trace_flags=flags)


def _reason(error: grpc.aio.AioRpcError) -> str:
    """By the code, and whether TLS is why. What the collector says of it may repeat what it was told."""
    details = error.details() or ""
    if "CERTIFICATE_VERIFY_FAILED" in details:
        return "its certificate is of an authority that is not trusted"
    if "handshake" in details.lower():
        return "no TLS handshake"
    return str(error.code().name)


def _credentials(settings: TracingSettings) -> grpc.ChannelCredentials | None:
    if not settings.is_encrypted():
        return None
    if settings.ca is None:
        return grpc.ssl_channel_credentials()
    try:
        authorities = settings.ca.read_bytes()
        known = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # gRPC takes any bytes
        known.load_verify_locations(cadata=authorities.decode("ascii"))
    except (OSError, ValueError) as error:
        raise FailedPreconditionError(
            "config.tracing_ca", f"{settings.ca} has no certificates that can be read"
        ) from error
    return grpc.ssl_channel_credentials(authorities)
