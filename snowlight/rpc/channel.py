"""Channels to the other services: bearer token and trace on every call, mutual TLS by settings, keepalive."""

from collections.abc import Callable, Sequence
from typing import Any

import grpc

from snowlight.access.service_token import ServiceTokens
from snowlight.config import TlsSettings
from snowlight.observability.tracing import Tracing, Untraced
from snowlight.rpc import balancing
from snowlight.rpc.certificates import Certificates, certificate_files
from snowlight.rpc.keepalive import keepalive
from snowlight.rpc.outgoing import outgoing
from snowlight.rpc.plaintext import require_leave
from snowlight.rpc.renewed_channel import RenewedChannel

_OPTIONS = (
    ("grpc.max_receive_message_length", 16 << 20),
    # A peer that was restarted is found again within a second; calls fail soon until then.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 2000),  # how long connecting itself may take, on a busy machine too
    ("grpc.max_reconnect_backoff_ms", 1000),
    *keepalive(each_s=30, answered_within_s=10),
)


def open_channel(
    address: str,
    tokens: ServiceTokens,
    tls: TlsSettings,
    *,
    balanced: bool = True,
    allow_plaintext: bool = False,
    options: Sequence[tuple[str, int]] = (),
    tracing: Tracing | None = None,
) -> grpc.aio.Channel:
    """A channel to `address` (HOST:PORT or `dns:///HOST:PORT`) that calls in this service's name. Close it
    when done.

    `balanced`: whether calls go to all addresses of HOST in turn, or all to one (`snowlight.rpc.balancing`).
    `options`: of gRPC's core, before Snowlight's own.

    Raises FailedPreconditionError when the certificates cannot be used, or when tokens would leave the
    loopback interface in plain text without leave.
    """
    interceptors = outgoing(tokens, tracing or Untraced())
    # Of two options of one name gRPC takes the first.
    chosen = tuple(dict((*_OPTIONS, *balancing.calling(balanced=balanced), *options)).items())
    files = certificate_files(tls)
    if files is None:
        require_leave(address, allow_plaintext=allow_plaintext)
        return grpc.aio.insecure_channel(address, options=chosen, interceptors=interceptors)

    def connect(certificates: Certificates) -> grpc.aio.Channel:
        credentials = grpc.ssl_channel_credentials(
            certificates.ca, certificates.key, certificates.certificate
        )
        return grpc.aio.secure_channel(address, credentials, options=chosen, interceptors=interceptors)

    return RenewedChannel(files, connect)


def raw_stream(channel: grpc.aio.Channel, method: str, serializer: Callable[[Any], bytes]) -> Any:
    """A server-streaming method ("/package.Service/Method") whose responses stay serialised bytes."""
    return channel.unary_stream(method, request_serializer=serializer, response_deserializer=None)
