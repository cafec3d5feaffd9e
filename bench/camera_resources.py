"""Cameras as custom resources: `python -m bench camera_resources --cameras 5000`.

So many Camera resources lie in a real API server, each with a site, before a worker begins. Measured is the
time until the registry has every camera and every resource says so, then what the worker asks of the API
server while nothing changes, and how long another worker takes that finds all done. API server, etcd and
PostgreSQL are real ones, and share the machine with the worker.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry

from tests.chart.camera_resources import Resources, bringing_in, install_definitions
from tests.parts.kubernetes.control_plane import KubeApiserver, run_kube_apiserver
from tests.parts.kubernetes.programs import find_kubernetes
from tests.parts.postgres import find_postgres, run_postgres
from tests.rpc.ingest.conftest import serve_registry

CAMERAS_OF_A_SITE = 25
AT_ONCE = 32
NAMESPACE = "default"


async def fill(resources: Resources, cameras: int) -> None:
    """Write all resources."""
    for number in range(0, cameras, CAMERAS_OF_A_SITE):
        await resources.create_site(
            f"site-{number // CAMERAS_OF_A_SITE}",
            sourceUrlTemplate="rtsp://{address}/{channel}",
            defaults={"ownership": "PUBLIC", "enabled": True},
        )
    slots = asyncio.Semaphore(AT_ONCE)

    async def create(number: int) -> None:
        async with slots:
            await resources.create(
                f"camera-{number}",
                region=None,
                sourceUrl=None,
                siteRef=f"site-{number // CAMERAS_OF_A_SITE}",
                address=f"10.0.{number // 250}.{number % 250 + 1}",
                displayName=f"Camera {number}",
            )

    async with asyncio.TaskGroup() as group:
        for number in range(cameras):
            group.create_task(create(number))


async def told(resources: Resources) -> int:
    """Resources that say that the registry has them."""
    return sum(
        any(one["type"] == "Synced" and one["status"] == "True" for one in _conditions(camera))
        for camera in await resources.rest.items(resources.cameras)
    )


def _conditions(camera: dict[str, object]) -> list[dict[str, str]]:
    status = camera.get("status")
    found: list[dict[str, str]] = status.get("conditions", []) if isinstance(status, dict) else []
    return found


def sample(metrics: CollectorRegistry, name: str) -> float:
    """Of all labels together."""
    return sum(one.value for family in metrics.collect() for one in family.samples if one.name == name)


def asked(metrics: CollectorRegistry) -> float:
    """Requests to the API server so far."""
    return sample(metrics, "snowlight_ingest_kubernetes_requests_total")


async def until_looked_at(metrics: CollectorRegistry, cameras: int) -> None:
    """Return once every resource was looked at."""
    while sample(metrics, "snowlight_ingest_camera_resources") < cameras:  # noqa: ASYNC110 - a gauge
        await asyncio.sleep(0.1)


async def measure(server: KubeApiserver, database_url: str, cameras: int, rest_s: float) -> None:
    """Print what it comes to."""
    async with server.rest() as rest, serve_registry(database_url) as registry:
        await install_definitions(rest)
        resources = Resources(rest, NAMESPACE)
        await fill(resources, cameras)
        begun, cpu = time.monotonic(), time.process_time()
        async with bringing_in(registry, server, NAMESPACE) as metrics:
            await until_looked_at(metrics, cameras)
            print(f"registered               {time.monotonic() - begun:8.1f} s")
            while await told(resources) < cameras:  # noqa: ASYNC110 - the API server tells
                await asyncio.sleep(2)  # to count them is work of the server that is measured
            print(f"registered and told      {time.monotonic() - begun:8.1f} s")
            print(f"  of it CPU of the worker{time.process_time() - cpu:8.1f} s")
            print(f"  requests               {asked(metrics):8.0f}")
            await asyncio.sleep(15)  # sites are counted
            before, revision = asked(metrics), registry.feed.head
            await asyncio.sleep(rest_s)
            print(f"at rest                  {(asked(metrics) - before) / rest_s:8.2f} requests/s")
            print(f"  changes of the registry{registry.feed.head - revision:8}")
        begun = time.monotonic()
        async with bringing_in(registry, server, NAMESPACE) as metrics:
            await until_looked_at(metrics, cameras)
            print(
                f"another worker           {time.monotonic() - begun:8.1f} s, {asked(metrics):.0f} requests"
            )


@asynccontextmanager
async def database(binaries: Path) -> AsyncIterator[str]:
    """The URL of an empty one."""
    with run_postgres(binaries) as postgres:
        yield postgres.url(await postgres.create_database())


async def run(cameras: int, rest_s: float) -> None:
    """All of it, on parts of its own."""
    with run_kube_apiserver(find_kubernetes()) as server:
        async with database(find_postgres()) as url:
            await measure(server, url, cameras, rest_s)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="bench camera_resources", description=__doc__)
    parser.add_argument("--cameras", type=int, default=5000)
    parser.add_argument("--rest-seconds", type=float, default=30.0)
    options = parser.parse_args()
    asyncio.run(run(options.cameras, options.rest_seconds))
