"""Channels to the other services: bearer token on every call, TLS by settings, keepalive."""

from collections.abc import Callable
from typing import Any

import grpc

from snowlight.access.service_token import ServiceTokens
from snowlight.config import TlsSettings

_OPTIONS = (
    ("grpc.max_receive_message_length", 16 << 20),
    # A peer that was restarted is found again within a second; calls fail at once until then.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 2000),  # how long connecting itself may take, on a busy machine too
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
)


def open_channel(address: str, tokens: ServiceTokens, tls: TlsSettings) -> grpc.aio.Channel:
    """A channel to `address` (HOST:PORT) that calls in this service's name. Close it when done."""
    interceptors = [_UnaryToken(tokens), _StreamToken(tokens)]
    if tls.ca is None:
        return grpc.aio.insecure_channel(address, options=_OPTIONS, interceptors=interceptors)
    credentials = grpc.ssl_channel_credentials(
        tls.ca.read_bytes(),
        tls.key.read_bytes() if tls.key else None,
        tls.certificate.read_bytes() if tls.certificate else None,
    )
    return grpc.aio.secure_channel(address, credentials, options=_OPTIONS, interceptors=interceptors)


def raw_stream(channel: grpc.aio.Channel, method: str, serializer: Callable[[Any], bytes]) -> Any:
    """A server-streaming method ("/package.Service/Method") whose responses stay serialised bytes."""
    return channel.unary_stream(method, request_serializer=serializer, response_deserializer=None)


def _with_token(details: grpc.aio.ClientCallDetails, tokens: ServiceTokens) -> grpc.aio.ClientCallDetails:
    metadata = grpc.aio.Metadata(*(details.metadata or ()))
    metadata.add("authorization", f"Bearer {tokens.current()}")
    return grpc.aio.ClientCallDetails(
        details.method, details.timeout, metadata, details.credentials, details.wait_for_ready
    )


class _UnaryToken(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self, tokens: ServiceTokens) -> None:
        self._tokens = tokens

    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await continuation(_with_token(client_call_details, self._tokens), request)


class _StreamToken(grpc.aio.UnaryStreamClientInterceptor):
    def __init__(self, tokens: ServiceTokens) -> None:
        self._tokens = tokens

    async def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await continuation(_with_token(client_call_details, self._tokens), request)
