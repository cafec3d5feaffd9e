"""How soon ingest is scaled once there is more to do: `python -m bench scaling`.

A whole worker of ingest, on PostgreSQL and a real API server, is the only pod of a StatefulSet. At a random
moment it gets more to do than one replica may have: cameras that are switched on, or what uses its cores.
Measured is the time from that to the number of replicas at the API server. Ends with 1 when one took longer
than the bound.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from services.ingest.kubernetes.config import KubernetesSettings
from services.ingest.shards.load import SPAN_SECONDS
from snowlight.observability.logs import configure_logs
from tests.parts.kubernetes.control_plane import KubeApiserver, run_kube_apiserver
from tests.parts.kubernetes.programs import find_kubernetes
from tests.parts.kubernetes.rest import KubernetesRest
from tests.parts.postgres import find_postgres, run_postgres
from tests.rpc.ingest.cluster import Client, cluster_settings, running_ingest, running_storage

BOUND_S = 15.0
NAMESPACE, NAME = "default", "ingest"
LABELS = {"app": NAME}
CAMERAS = 2
"""That a worker may have."""
CORES = 0.3
"""That it may use: more than it does with nothing to record, less than a thread that only works."""
_NOWHERE = "rtsp://127.0.0.1:9/"
_PATIENCE_S = 120.0
_LOOK_S = 0.1
_BLOCK = bytes(1 << 20)

More = Callable[[], AbstractAsyncContextManager[None]]
"""There is more to do while the context is open."""


@dataclass(frozen=True)
class Site:
    """A worker of ingest, and the StatefulSet that its pod is of."""

    client: Client
    rest: KubernetesRest

    @asynccontextmanager
    async def more_cameras(self) -> AsyncIterator[None]:
        """One more than a worker may have is switched on."""
        await self._switch(on=True)
        try:
            yield
        finally:
            await self._switch(on=False)

    async def _switch(self, *, on: bool) -> None:
        for number in range(CAMERAS):
            await self.client.update(f"cameras/more-{number}", enabled=on)

    async def until(self, replicas: int) -> float:
        """Seconds until so many are wanted. Raises TimeoutError."""
        began = time.monotonic()
        async with asyncio.timeout(_PATIENCE_S):
            while await self._replicas() != replicas:  # noqa: ASYNC110 - the API server tells
                await asyncio.sleep(_LOOK_S)
        return time.monotonic() - began

    async def _replicas(self) -> int:
        return int((await self.rest.get(f"{_COLLECTION}/{NAME}"))["spec"]["replicas"])


_COLLECTION = f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets"


@asynccontextmanager
async def more_work() -> AsyncIterator[None]:
    """A thread of the worker's process does nothing else than to work, beside the loop."""
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            hashlib.sha256(_BLOCK).digest()  # without the interpreter's lock

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        await asyncio.to_thread(thread.join)


async def measure(site: Site, more: More, times: int) -> list[float]:
    """Seconds from more to do until the second replica is wanted, each time."""
    took = []
    for _ in range(times):
        await site.until(1)
        # Anywhere between two measures of the load, two heartbeats and two looks.
        await asyncio.sleep(SPAN_SECONDS * (1 + random.random()))
        async with more():
            took.append(await site.until(2))
    return took


async def run(times: int) -> bool:
    """Print what it comes to; whether it is within the bound."""
    within = True
    with (
        run_kube_apiserver(find_kubernetes()) as server,
        run_postgres(find_postgres()) as postgres,
        tempfile.TemporaryDirectory(prefix="snowlight-bench-") as folder,
    ):
        url = postgres.url(await postgres.create_database())
        async with server.rest() as rest, worker(server, url, Path(folder)) as client:
            site = await prepare(client, rest)
            for name, more in (("cameras switched on", site.more_cameras), ("cores used", more_work)):
                took = await measure(site, more, times)
                within = within and max(took) <= BOUND_S
                print(f"{name:20} median {median(took):5.1f} s, most {max(took):5.1f} s", flush=True)
    print(f"bound: {BOUND_S:g} s" if within else f"OUT OF BOUNDS: {BOUND_S:g} s")
    return within


@asynccontextmanager
async def worker(server: KubeApiserver, database_url: str, folder: Path) -> AsyncIterator[Client]:
    """Ingest as the first pod's process runs it, with the chart's way to fewer replicas cut short."""
    kubernetes = KubernetesSettings(
        namespace=NAMESPACE,
        kubeconfig=server.kubeconfig,
        stateful_set=NAME,
        pod=f"{NAME}-0",
        autoscale=True,
        autoscale_most=2,
        autoscale_cameras=CAMERAS,
        autoscale_cores=CORES,
        autoscale_cool_down_seconds=0,
    )
    cluster, name = cluster_settings(folder), f"{NAME}-0"
    async with (
        running_storage(cluster),
        running_ingest(cluster, worker=name, database_url=database_url, kubernetes=kubernetes) as client,
    ):
        yield client


async def prepare(client: Client, rest: KubernetesRest) -> Site:
    """A StatefulSet of one replica, one camera that is on, and as many others as a worker may have."""
    container = {"name": "main", "image": "example/image:1"}
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [container]}}
    spec = {
        "replicas": 1,
        "serviceName": NAME,
        "selector": {"matchLabels": LABELS},
        "template": template,
    }
    await rest.create(_COLLECTION, {"metadata": {"name": NAME}, "spec": spec})
    await client.create("first", _NOWHERE)
    for number in range(CAMERAS):
        await client.create(f"more-{number}", _NOWHERE, enabled=False)
    return Site(client, rest)


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(prog="bench scaling", description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=10)
    times = parser.parse_args().times
    configure_logs("error")
    sys.exit(0 if asyncio.run(run(times)) else 1)


if __name__ == "__main__":
    main()
