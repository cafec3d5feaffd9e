"""The embedded default: all services in one process, `snowlight all`."""

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from services.auth.app import run_auth
from services.auth.config import AuthSettings
from services.gateway.app import run_gateway
from services.gateway.config import GatewaySettings
from services.ingest.app import run_ingest
from services.ingest.config import IngestSettings
from services.storage.app import run_storage
from services.storage.config import StorageSettings
from snowlight.config import ClusterSettings
from snowlight.runtime import Runtime, build_runtime, run_process


def main() -> None:
    """Run the four services until a signal ends them."""
    run_process(lambda: build_runtime("all", _with_ports(ClusterSettings()), create_key=True), run_all)


@asynccontextmanager
async def run_all(runtime: Runtime) -> AsyncIterator[None]:
    """Four services that call each other over loopback gRPC.

    Each starts after those without which it is not ready, or would ask again and again until it is. They stop
    in the reverse order, so that ingest can still commit what it has just closed.
    """
    cluster = runtime.cluster
    auth = AuthSettings(listen=cluster.auth_address)
    storage = StorageSettings(listen=cluster.storage_address)
    ingest = IngestSettings(listen=cluster.ingest_address)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(run_storage(runtime.named("storage"), storage))
        await stack.enter_async_context(run_ingest(runtime.named("ingest"), ingest))
        await stack.enter_async_context(run_auth(runtime.named("auth"), auth))
        await stack.enter_async_context(run_gateway(runtime.named("gateway"), GatewaySettings()))
        yield


def _with_ports(cluster: ClusterSettings) -> ClusterSettings:
    """The settings with a free port wherever an address says port 0: every service must know it."""
    fields = ("auth_address", "ingest_address", "storage_address")
    return cluster.model_copy(update={name: _with_port(getattr(cluster, name)) for name in fields})


def _with_port(address: str) -> str:
    host, _, port = address.rpartition(":")
    if port != "0":
        return address
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host.strip("[]"), 0))
        return f"{host}:{probe.getsockname()[1]}"
