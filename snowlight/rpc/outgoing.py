"""What goes with every call made to another service: whose it is, and for which request."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc

from snowlight.access.service_token import ServiceTokens
from snowlight.observability.trace_context import TRACEPARENT, current_trace
from snowlight.observability.tracing import Span, Tracing
from snowlight.rpc.spans import call_attributes, outcome

_API = "/snowlight.api."


def outgoing(tokens: ServiceTokens, tracing: Tracing) -> Sequence[grpc.aio.ClientInterceptor]:
    """For each way of calling, in the name of whoever has `tokens`."""
    calls = _Calls(tokens, tracing)
    return (_Unary(calls), _Stream(calls), _Dialogue(calls))


class _Calls:
    def __init__(self, tokens: ServiceTokens, tracing: Tracing) -> None:
        self._tokens = tokens
        self._tracing = tracing
        self._ending: set[asyncio.Task[None]] = set()

    async def begin(self, continuation: Any, details: grpc.aio.ClientCallDetails, request: Any) -> Any:
        """The call, begun. It carries what it must to methods of our own services alone."""
        method = details.method.decode() if isinstance(details.method, bytes) else details.method
        if not method.startswith(_API):
            return await continuation(details, request)
        metadata = grpc.aio.Metadata(*(details.metadata or ()))
        service = method.removeprefix(_API).partition(".")[0]
        metadata.add("authorization", f"Bearer {self._tokens.current(service)}")
        span = None
        if (trace := current_trace()) is not None:
            span = self._tracing.call(method.removeprefix("/"), trace, call_attributes(method))
            metadata.add(TRACEPARENT, span.context.traceparent())
        call = await continuation(
            grpc.aio.ClientCallDetails(
                details.method, details.timeout, metadata, details.credentials, details.wait_for_ready
            ),
            request,
        )
        if span is not None and span.is_recorded:
            self._end_with(call, span)
        return call

    def _end_with(self, call: Any, span: Span) -> None:
        def over(done: Any) -> None:
            ending = asyncio.ensure_future(_end(done, span))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

        call.add_done_callback(over)


async def _end(call: Any, span: Span) -> None:
    code = await call.code()  # is there already
    span.end(outcome(code), failed=code is not grpc.StatusCode.OK)


class _Unary(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self, calls: _Calls) -> None:
        self._calls = calls

    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await self._calls.begin(continuation, client_call_details, request)


class _Stream(grpc.aio.UnaryStreamClientInterceptor):
    def __init__(self, calls: _Calls) -> None:
        self._calls = calls

    async def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await self._calls.begin(continuation, client_call_details, request)


class _Dialogue(grpc.aio.StreamStreamClientInterceptor):
    def __init__(self, calls: _Calls) -> None:
        self._calls = calls

    async def intercept_stream_stream(
        self, continuation: Any, client_call_details: Any, request_iterator: Any
    ) -> Any:
        return await self._calls.begin(continuation, client_call_details, request_iterator)
