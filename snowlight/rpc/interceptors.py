"""What happens around every call served: who calls, how long it took, how errors are told."""

from __future__ import annotations

import gc
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager, suppress
from typing import Any

import grpc
import structlog

from snowlight.access.service_token import ServiceTokens
from snowlight.errors import (
    PermissionDeniedError,
    ResourceExhaustedError,
    SnowlightError,
    UnauthenticatedError,
)
from snowlight.observability.metrics import RpcMetrics
from snowlight.observability.trace_context import TRACEPARENT, current_trace, parse_traceparent, work_for
from snowlight.observability.tracing import Tracing, Untraced
from snowlight.rpc.caller import serve_for
from snowlight.rpc.guarded_call import GuardedCall
from snowlight.rpc.peer import require_certificate_of
from snowlight.rpc.permissions import PERMISSIONS, Permissions, is_open, require_permission
from snowlight.rpc.spans import SERVER_FAULTS, call_attributes, outcome
from snowlight.rpc.status import to_trailing_metadata

log = structlog.get_logger(__name__)

MAX_METADATA_BYTES = 16 << 10
"""By call, as HTTP/2 counts them. gRPC's own limit binds only those who have said that they heard of it."""
COLLECT_BYTES = 32 << 20
"""So much metadata that was too large may wait for the garbage collector."""
_ENTRY_BYTES = 32
"""What an entry counts beside its name and value (RFC 9113, 6.5.2)."""
Metadata = Iterable[tuple[str, str | bytes]]


class CallGuard(grpc.aio.ServerInterceptor, ABC):
    """Lets in whom its kind admits, measures, traces, and translates errors, for all methods but those that
    stream requests alone."""

    def __init__(self, metrics: RpcMetrics, tracing: Tracing | None = None) -> None:
        self._metrics = metrics
        self._tracing = tracing or Untraced()
        self._uncollected_bytes = 0

    @abstractmethod
    def _admit(self, method: str, metadata: Metadata) -> str | None:
        """Who calls, by what the call's head tells; None for a method that is open to all. Raises what the
        caller is refused with."""

    @abstractmethod
    def _entered(self, call: GuardedCall) -> AbstractAsyncContextManager[None]:
        """The call of who was admitted goes on inside. Raises what they are refused with."""

    def _told(self, error: SnowlightError) -> SnowlightError:
        """What a caller is told whose call ends with `error`."""
        return error

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = str(handler_call_details.method)
        metadata = handler_call_details.invocation_metadata or ()
        try:
            self._require_small(metadata)
            caller = self._admit(method, metadata)
        except SnowlightError as error:
            return grpc.stream_stream_rpc_method_handler(self._refuse(method, error))
        if handler.request_streaming and caller is None:
            return handler  # reflection
        if handler.request_streaming and handler.response_streaming:
            return grpc.stream_stream_rpc_method_handler(
                self._around_stream(handler.stream_stream, method, caller),
                request_deserializer=handler.request_deserializer,
                response_serializer=handler.response_serializer,
            )
        if handler.request_streaming:
            return None  # there is none: nothing that wants a token may go without what is below
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(
                self._around_stream(handler.unary_stream, method, caller),
                request_deserializer=handler.request_deserializer,
                response_serializer=handler.response_serializer,
            )
        return grpc.unary_unary_rpc_method_handler(
            self._around_unary(handler.unary_unary, method, caller),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _require_small(self, metadata: Metadata) -> None:
        size = sum(len(key) + len(value) + _ENTRY_BYTES for key, value in metadata)
        if size > MAX_METADATA_BYTES:
            self._forget(size)
            raise ResourceExhaustedError(
                "rpc.metadata_too_large", f"a call's metadata has at most {MAX_METADATA_BYTES} bytes"
            )

    def _forget(self, size: int) -> None:
        """gRPC leaves a call's metadata in a cycle: too few objects to have them collected, however large."""
        self._uncollected_bytes += size
        if self._uncollected_bytes > COLLECT_BYTES:
            log.warning("rpc.metadata_flood", bytes=self._uncollected_bytes)
            self._uncollected_bytes = 0
            gc.collect()

    def _refuse(self, method: str, error: SnowlightError) -> Any:
        """A handler that reads no request: whoever is refused need not send any. It does not keep `error`,
        which would lead back to the call's metadata in a cycle that may last for long."""
        code, told, trailing = error.grpc_code, str(error), to_trailing_metadata(error)

        async def call(_requests: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
            self._metrics.seconds.labels(method, code.name).observe(0)
            await context.abort(code, told, trailing)

        return call

    def _around_unary(self, behaviour: Any, method: str, caller: str | None) -> Any:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            async with self._guarded(GuardedCall(method, caller, context, streams=False)):
                return await behaviour(request, context)

        return call

    def _around_stream(self, behaviour: Any, method: str, caller: str | None) -> Any:
        """`request` is an iterator where requests are streamed. A handler that is no generator writes its
        responses itself, and what one yields is written here: a call that is ended while gRPC waits for its
        reader is then told so, whereas gRPC itself would tell it nothing."""

        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
            async with self._guarded(GuardedCall(method, caller, context, streams=True)):
                answers = behaviour(request, context)
                if not isinstance(answers, AsyncGenerator):
                    await answers
                    return
                async with aclosing(answers):
                    async for response in answers:
                        await context.write(response)

        return call

    @asynccontextmanager
    async def _guarded(self, guarded: GuardedCall) -> AsyncIterator[None]:
        method, context = guarded.method, guarded.context
        started = time.perf_counter()
        code = grpc.StatusCode.CANCELLED
        span = None
        if (trace := current_trace()) is not None:
            span = self._tracing.serve(method.removeprefix("/"), trace, call_attributes(method))
            work_for(span.context)
        held = AsyncExitStack()  # until the status is sent: it waits behind what a slow reader has not taken
        try:
            with guarded.going_on():
                await held.enter_async_context(self._entered(guarded))
                yield
            code = grpc.StatusCode.OK
        except SnowlightError as error:
            told = self._told(error)
            code = told.grpc_code
            await context.abort(code, str(told), to_trailing_metadata(told))
        except grpc.aio.InternalError:
            raise  # nothing can be written any more: the caller's connection is gone, and gRPC knows
        except Exception as error:
            if isinstance(error, grpc.aio.AbortError):
                raise
            code = grpc.StatusCode.INTERNAL
            log.error("rpc.failed", method=method, exc_info=True)
            await context.abort(code, "internal error")
        finally:
            await held.aclose()
            self._metrics.seconds.labels(method, code.name).observe(time.perf_counter() - started)
            log.debug("rpc.served", method=method, code=code.name)
            if span is not None:
                span.end(outcome(code), failed=code in SERVER_FAULTS)


class Guard(CallGuard):
    """Lets in the services that the permissions name."""

    def __init__(
        self,
        tokens: ServiceTokens,
        metrics: RpcMetrics,
        permissions: Permissions = PERMISSIONS,
        tracing: Tracing | None = None,
    ) -> None:
        super().__init__(metrics, tracing)
        self._tokens = tokens
        self._permissions = permissions

    def _admit(self, method: str, metadata: Metadata) -> str | None:
        """The caller ("services/{name}"); None for a method that wants no token. Raises what it is refused
        with."""
        if is_open(self._permissions, method):
            with suppress(UnauthenticatedError):  # our own services have a token with them here too
                self._join_trace(metadata)
            return None
        caller = self._join_trace(metadata)
        try:
            require_permission(self._permissions, caller, method)
        except PermissionDeniedError:
            log.warning("rpc.denied", caller=caller, method=method)
            raise
        return caller

    def _join_trace(self, metadata: Metadata) -> str:
        """The caller, whose request this task works for from now on, if it names one. Each call has a task of
        its own. Raises UnauthenticatedError for one that is no service: it is not believed."""
        caller = self._tokens.verify(bearer_token(metadata))
        for key, value in metadata:
            if key == TRACEPARENT and (trace := parse_traceparent(str(value))) is not None:
                work_for(trace)
                break
        return caller

    @asynccontextmanager
    async def _entered(self, call: GuardedCall) -> AsyncIterator[None]:
        if call.caller is not None:
            require_certificate_of(call.caller, call.context)
        serve_for(call.caller)
        yield


def bearer_token(metadata: Metadata) -> str:
    """The token in `authorization`. Raises UnauthenticatedError("auth.token_missing")."""
    for key, value in metadata:
        if key == "authorization":
            scheme, _, token = str(value).partition(" ")
            if scheme.lower() == "bearer":
                return token
            break
    raise UnauthenticatedError("auth.token_missing", "a bearer token is required")
