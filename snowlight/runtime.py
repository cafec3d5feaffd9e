"""A process: settings in, services up, signals, services down."""

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field, replace

import structlog
import uvloop
from prometheus_client import CollectorRegistry, ProcessCollector
from pydantic import ValidationError

from snowlight.access.cluster_key import ClusterKey, load_cluster_key
from snowlight.access.service_token import ServiceTokens
from snowlight.clock import Clock, SystemClock
from snowlight.config import ClusterSettings, TlsSettings, TracingSettings
from snowlight.errors import SnowlightError
from snowlight.heap import collect_rarely
from snowlight.observability.admin import Health, serve_admin
from snowlight.observability.certificate import tell_certificate_end
from snowlight.observability.conditions import tell_conditions
from snowlight.observability.logs import configure_logs
from snowlight.observability.metrics import RpcMetrics
from snowlight.observability.stalls import watch_stalls
from snowlight.observability.tasks import count_tasks
from snowlight.observability.tracing import Tracing, Untraced, open_tracing
from snowlight.rpc.channel import open_channel
from snowlight.rpc.interceptors import Guard
from snowlight.rpc.server import GrpcServer, Servicer, serve_grpc
from snowlight.steps import Reached, go_on

import grpc  # isort: skip

log = structlog.get_logger(__name__)

KnownError = SnowlightError | ValidationError
"""What a process may fail with by its surroundings or settings, rather than by a bug."""


@dataclass(frozen=True)
class Runtime:
    """What a process gives each of its services."""

    service: str
    cluster: ClusterSettings
    tls: TlsSettings
    key: ClusterKey
    clock: Clock
    registry: CollectorRegistry
    rpc_metrics: RpcMetrics
    health: Health
    tracing: Tracing = field(default_factory=Untraced)
    reached: Reached = go_on
    tokens: ServiceTokens = field(init=False)
    """Of `service`, by `clock`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", ServiceTokens(self.key, self.service, self.clock))

    def named(self, service: str) -> "Runtime":
        """This runtime in the name of another service of the same process."""
        return replace(self, service=service)

    def channel(self, address: str, *, balanced: bool = True) -> grpc.aio.Channel:
        """A channel to a peer, in this service's name. `balanced`: see `open_channel`."""
        return open_channel(
            address,
            self.tokens,
            self.tls,
            balanced=balanced,
            allow_plaintext=self.cluster.allow_plaintext,
            tracing=self.tracing,
        )

    def serve(
        self, listen: str, *servicers: Servicer, connection_seconds: float | None = None
    ) -> AbstractAsyncContextManager[GrpcServer]:
        """Serve gRPC on `listen` while the context is open. `connection_seconds`: see `serve_grpc`."""
        return serve_grpc(
            listen,
            servicers,
            Guard(self.tokens, self.rpc_metrics, tracing=self.tracing),
            tls=self.tls,
            allow_plaintext=self.cluster.allow_plaintext,
            drain_seconds=self.cluster.drain_seconds,
            connection_seconds=connection_seconds,
        )


App = Callable[[Runtime], AbstractAsyncContextManager[None]]
"""A service: up once its context is entered, down once it is left."""


def build_runtime(service: str, cluster: ClusterSettings, *, create_key: bool = False) -> Runtime:
    """The runtime of one process. `create_key` lets the embedded default make its cluster key."""
    key = load_cluster_key(cluster, create=create_key)
    clock = SystemClock()
    registry = CollectorRegistry()
    return Runtime(
        service=service,
        cluster=cluster,
        tls=TlsSettings(),
        key=key,
        clock=clock,
        registry=registry,
        rpc_metrics=RpcMetrics(registry),
        health=Health(),
        tracing=open_tracing(TracingSettings(), service, registry, flush_s=cluster.drain_seconds),
    )


def run_process(runtime_of: Callable[[], Runtime], app: App) -> None:
    """Run `app` until SIGTERM or SIGINT, then stop it gracefully. Exits 1 with a sentence on an error."""
    try:
        uvloop.run(_run(runtime_of(), app))
    except* (SnowlightError, ValidationError) as errors:
        for error in _leaves(errors):
            for line in sentences(error):
                print(f"snowlight: {line}", file=sys.stderr)  # noqa: T201 - a person started this
        sys.exit(1)


async def _run(runtime: Runtime, app: App) -> None:
    configure_logs(runtime.cluster.log_level)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    started = asyncio.Event()  # services name their conditions only while they start
    runtime.health.require("process.start", started.is_set)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(watch_stalls(runtime.registry, runtime.clock))
        count_tasks(runtime.registry)
        ProcessCollector(registry=runtime.registry)
        tell_conditions(runtime.registry, runtime.health)
        tell_certificate_end(runtime.registry, runtime.tls)
        await stack.enter_async_context(
            serve_admin(runtime.cluster.admin_listen, runtime.registry, runtime.health)
        )
        await stack.enter_async_context(runtime.tracing.running())
        await stack.enter_async_context(app(runtime))
        collect_rarely()
        started.set()
        log.info("process.ready", service=runtime.service)
        await stop.wait()
        log.info("process.stopping", service=runtime.service)
        runtime.health.stopping = True


def _leaves(group: BaseExceptionGroup[KnownError]) -> list[KnownError]:
    leaves: list[KnownError] = []
    for error in group.exceptions:
        leaves.extend(_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    return leaves


def sentences(error: KnownError) -> list[str]:
    """What to tell a person. A setting's value is left out: it may be a secret."""
    if isinstance(error, SnowlightError):
        return [str(error)]
    return [
        f"{error.title}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_context=False, include_url=False)
    ]
