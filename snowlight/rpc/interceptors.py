"""What happens around every call served: who calls, how long it took, how errors are told."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import structlog

from snowlight.access.service_token import ServiceTokens
from snowlight.errors import PermissionDeniedError, SnowlightError, UnauthenticatedError
from snowlight.observability.metrics import RpcMetrics
from snowlight.rpc.peer import require_certificate_of
from snowlight.rpc.permissions import PERMISSIONS, Permissions, is_open, require_permission
from snowlight.rpc.status import to_trailing_metadata

log = structlog.get_logger(__name__)


class Guard(grpc.aio.ServerInterceptor):
    """Lets in whom the permissions name, measures, and translates errors, for unary and server-streaming
    methods."""

    def __init__(
        self, tokens: ServiceTokens, metrics: RpcMetrics, permissions: Permissions = PERMISSIONS
    ) -> None:
        self._tokens = tokens
        self._metrics = metrics
        self._permissions = permissions

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = str(handler_call_details.method)
        if handler.request_streaming:
            # Only reflection streams requests. Nothing that wants a token may slip past the check below.
            return handler if is_open(self._permissions, method) else None
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(
                self._around_stream(handler.unary_stream, method),
                request_deserializer=handler.request_deserializer,
                response_serializer=handler.response_serializer,
            )
        return grpc.unary_unary_rpc_method_handler(
            self._around_unary(handler.unary_unary, method),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _around_unary(self, behaviour: Any, method: str) -> Any:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            async with self._guarded(method, context):
                return await behaviour(request, context)

        return call

    def _around_stream(self, behaviour: Any, method: str) -> Any:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
            async with self._guarded(method, context):
                async for response in behaviour(request, context):
                    yield response

        return call

    @asynccontextmanager
    async def _guarded(self, method: str, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[None]:
        started = time.perf_counter()
        code = grpc.StatusCode.CANCELLED
        try:
            if not is_open(self._permissions, method):
                self._check_caller(method, context)
            yield
            code = grpc.StatusCode.OK
        except SnowlightError as error:
            code = error.grpc_code
            await context.abort(code, str(error), to_trailing_metadata(error))
        except Exception as error:
            if isinstance(error, grpc.aio.AbortError):
                raise
            code = grpc.StatusCode.INTERNAL
            log.error("rpc.failed", method=method, exc_info=True)
            await context.abort(code, "internal error")
        finally:
            self._metrics.seconds.labels(method, code.name).observe(time.perf_counter() - started)

    def _check_caller(self, method: str, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        caller = self._tokens.verify(_bearer_token(context))
        require_certificate_of(caller, context)
        try:
            require_permission(self._permissions, caller, method)
        except PermissionDeniedError:
            log.warning("rpc.denied", caller=caller, method=method)
            raise


def _bearer_token(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    for key, value in context.invocation_metadata() or ():
        if key == "authorization":
            scheme, _, token = str(value).partition(" ")
            if scheme.lower() == "bearer":
                return token
            break
    raise UnauthenticatedError("auth.token_missing", "a service's bearer token is required")
