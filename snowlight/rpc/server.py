"""A gRPC server with everything a Snowlight service has: health, reflection, a guard, errors, metrics."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection

from snowlight.config import TlsSettings
from snowlight.errors import FailedPreconditionError
from snowlight.rpc import balancing
from snowlight.rpc.certificates import CertificateFiles, Certificates, certificate_files
from snowlight.rpc.interceptors import MAX_METADATA_BYTES, CallGuard
from snowlight.rpc.plaintext import require_leave

# One listener a port: without it a second server would bind silently and take half of the calls. Peers ping
# every 30 s, also while a change feed has nothing to tell: by default that would end the connection. Metadata
# holds a token of at most 4 KiB and little else.
_OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_metadata_size", MAX_METADATA_BYTES),
    ("grpc.absolute_max_metadata_size", MAX_METADATA_BYTES),
    ("grpc.max_receive_message_length", 16 << 20),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
)


@dataclass(frozen=True)
class Servicer:
    """One gRPC service to serve."""

    name: str
    """Full name, "snowlight.api.storage.v1.Storage"."""
    add: Callable[[Any, grpc.aio.Server], None]
    """The generated `add_*Servicer_to_server`."""
    implementation: Any
    preserialized: frozenset[str] = field(default_factory=frozenset)
    """Methods that yield response messages as bytes already serialised."""


class GrpcServer:
    """A started server: where it listens, and how to drain it."""

    def __init__(
        self, server: grpc.aio.Server, health: HealthServicer, names: Sequence[str], port: int
    ) -> None:
        self._server = server
        self._health = health
        self._names = names
        self.port = port

    async def drain(self, grace_s: float) -> None:
        """Report NOT_SERVING, take no new calls, let running ones go on for `grace_s` seconds."""
        await self._set(health_pb2.HealthCheckResponse.NOT_SERVING)
        await self._server.stop(grace_s)

    async def _set(self, status: int) -> None:
        for name in ("", *self._names):
            await self._health.set(name, status)


@asynccontextmanager
async def serve_grpc(
    listen: str,
    servicers: Sequence[Servicer],
    guard: CallGuard,
    *,
    tls: TlsSettings,
    allow_plaintext: bool,
    drain_seconds: float,
    connection_seconds: float | None = None,
    reflects: bool = True,
    bounds: Sequence[tuple[str, int]] = (),
) -> AsyncIterator[GrpcServer]:
    """Serve `servicers` on `listen` (HOST:PORT) while the context is open, then drain.

    `connection_seconds`: how long a connection takes new calls; None: for ever (`snowlight.rpc.balancing`).
    `reflects`: who asks is told of all messages that this process knows. `bounds`: of gRPC's own, in place of
    those that services have of one another.

    Raises FailedPreconditionError when plain text would leave the loopback interface without leave, when the
    certificates cannot be used, or when the port is taken.
    """
    options = {**dict(_OPTIONS), **dict(balancing.serving(connection_seconds)), **dict(bounds)}
    server = grpc.aio.server(interceptors=[guard], options=tuple(options.items()))
    for servicer in servicers:
        servicer.add(servicer.implementation, _Preserialized(server, servicer.preserialized))  # type: ignore[arg-type]
    health = HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    names = [servicer.name for servicer in servicers]
    if reflects:
        told = (*names, "grpc.health.v1.Health", reflection.SERVICE_NAME)
        reflection.enable_server_reflection(told, server)
    port = _bind(server, listen, tls, allow_plaintext)
    await server.start()
    running = GrpcServer(server, health, names, port)
    await running._set(health_pb2.HealthCheckResponse.SERVING)
    try:
        yield running
    finally:
        await asyncio.shield(running.drain(drain_seconds))


def _bind(server: grpc.aio.Server, listen: str, tls: TlsSettings, allow_plaintext: bool) -> int:
    files = certificate_files(tls)
    if files is None:
        require_leave(listen, allow_plaintext=allow_plaintext)
    try:
        if files is None:
            return server.add_insecure_port(listen)
        return server.add_secure_port(listen, _server_credentials(files))
    except RuntimeError as error:
        raise FailedPreconditionError("config.listen", f"cannot listen on {listen}") from error


def _server_credentials(files: CertificateFiles) -> grpc.ServerCredentials:
    """gRPC asks for them before each handshake: what was renewed on disk holds for the next peer.

    It is told of changes alone. For whatever it is told it frees what it was told before, also when another
    handshake is just about to use that: many who connected at once could end the process.
    """

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        certificates = files.renewed()
        return None if certificates is None else _configuration(certificates)

    return grpc.dynamic_ssl_server_credentials(
        _configuration(files.current()),
        renewed,  # type: ignore[arg-type]  # None is "as before"
        require_client_authentication=True,
    )


def _configuration(certificates: Certificates) -> grpc.ServerCertificateConfiguration:
    pair = certificates.key, certificates.certificate
    return grpc.ssl_server_certificate_configuration([pair], certificates.ca)


class _Preserialized:
    """A view of the server that registers some methods with an identity serializer."""

    def __init__(self, server: grpc.aio.Server, methods: frozenset[str]) -> None:
        self._server = server
        self._methods = methods

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        if not self._methods:
            self._server.add_generic_rpc_handlers(tuple(handlers))

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        chosen = {
            name: handler._replace(response_serializer=None) if name in self._methods else handler
            for name, handler in handlers.items()
        }
        if self._methods:
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, chosen),))
        self._server.add_registered_method_handlers(service, chosen)
