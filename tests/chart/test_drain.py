"""Ingest scales itself on a real API server: each pod is a running worker, and no footage is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from services.drain import drain
from services.ingest.kubernetes.client import format_time
from services.ingest.kubernetes.config import KubernetesSettings
from services.ingest.shards.drains import DISRUPTION, DrainRepository
from simulator.server import CameraServer
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.clock import SystemClock
from snowlight.config import ClusterSettings
from snowlight.database import Database, open_database
from tests.parts.kubernetes.control_plane import KubeApiserver
from tests.parts.kubernetes.nodes import Nodes
from tests.parts.kubernetes.pods import PodRuntime
from tests.parts.kubernetes.rest import STRATEGIC_PATCH, KubernetesRest, Object, RefusedError
from tests.rpc.ingest.cluster import Client, client_of, running_worker
from tests.rpc.ingest.conftest import MIGRATIONS, cluster, village
from tests.rpc.ingest.handing_over import LONGEST_HOLE_MS, ROUNDING_MS, Cluster, holes
from tests.rpc.ingest.village import GATE
from tests.waiting import eventually

__all__ = ("cluster", "village")  # fixtures

PATIENCE_S = 150
LABELS = {"app": "ingest"}


@dataclass
class IngestPods:
    """A worker of ingest for each pod, on a spool that stays with the pod's name.

    Pods of other namespaces, which tests before have left to the nodes, are nothing but their status.
    """

    namespace: str
    settings: ClusterSettings
    database_url: str
    kubeconfig: Path
    folder: Path
    stops: dict[str, asyncio.Event] = field(default_factory=dict)
    lives: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    undrained: list[str] = field(default_factory=list)

    async def start(self, pod: Object) -> None:
        if pod["metadata"]["namespace"] != self.namespace:
            return
        name, ready = pod["metadata"]["name"], asyncio.Event()
        self.stops[name] = asyncio.Event()
        self.lives[name] = asyncio.create_task(self._live(pod, ready, self.stops[name]))
        await ready.wait()

    async def ended(self, pod: Object) -> None:
        """A worker does not end by itself."""

    async def stop(self, pod: Object) -> None:
        if pod["metadata"]["namespace"] != self.namespace:
            return
        name = pod["metadata"]["name"]
        if await drain(self.database_url, name, 90):
            self.undrained.append(name)
        self.stops[name].set()
        await self.lives.pop(name)

    async def _live(self, pod: Object, ready: asyncio.Event, stop: asyncio.Event) -> None:
        name = pod["metadata"]["name"]
        address = self.settings.ingest_address if name.endswith("-0") else ""  # where the test reaches ingest
        kubernetes = KubernetesSettings(
            namespace=pod["metadata"]["namespace"],
            kubeconfig=self.kubeconfig,
            stateful_set="ingest",
            pod=name,
            node=pod["spec"]["nodeName"],
            autoscale=True,
            autoscale_least=2,
            autoscale_cameras=2,
            autoscale_cool_down_seconds=5,
            autoscale_cores=100,
        )
        settings = self.settings.model_copy(update={"drain_seconds": 60})
        async with running_worker(
            settings, self.database_url, self.folder, name, address=address, kubernetes=kubernetes
        ):
            self.running.add(name)
            ready.set()
            await stop.wait()
            self.running.discard(name)


@dataclass
class Site:
    """A StatefulSet of ingest, storage, and cameras outside the pods."""

    rest: KubernetesRest
    namespace: str
    pods: IngestPods
    cluster: Cluster
    database: Database

    @property
    def stateful_set(self) -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}/statefulsets/ingest"

    async def until(self, replicas: int) -> None:
        """So many are wanted, and there are no others."""

        async def so_many() -> bool:
            with suppress(RefusedError, OSError):
                wanted = (await self.rest.get(self.stateful_set))["spec"]["replicas"]
                return bool(wanted == replicas == len(self.pods.running))
            return False

        await eventually(so_many, PATIENCE_S)


@pytest.fixture
def pod_runtime(
    namespace: str, cluster: ClusterSettings, postgres_url: str, kube_apiserver: KubeApiserver, tmp_path: Path
) -> PodRuntime:
    return IngestPods(namespace, cluster, postgres_url, kube_apiserver.kubeconfig, tmp_path)


@pytest.fixture
async def site(
    pod_runtime: IngestPods,
    nodes: Nodes,
    kube_rest: KubernetesRest,
    namespace: str,
    village: CameraServer,
    tmp_path: Path,
) -> AsyncIterator[Site]:
    """Three pods, which end with the test."""
    container = {"name": "main", "image": "example/image:1"}
    spec = {
        "replicas": 3,
        "serviceName": "ingest",
        "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": LABELS},
        "template": {
            "metadata": {"labels": LABELS},
            "spec": {"containers": [container], "terminationGracePeriodSeconds": 120},
        },
    }
    url = pod_runtime.database_url
    async with open_database(url, service="ingest", migrations=MIGRATIONS) as database:
        cluster = Cluster(pod_runtime.settings, village, url, tmp_path)
        site = Site(kube_rest, namespace, pod_runtime, cluster, database)
        await kube_rest.create(
            site.stateful_set.rpartition("/")[0], {"metadata": {"name": "ingest"}, "spec": spec}
        )
        await site.until(3)
        try:
            yield site
        finally:
            for stop in pod_runtime.stops.values():
                stop.set()
            await asyncio.gather(*pod_runtime.lives.values())


async def until_recorded(client: Client, cameras: Sequence[camera_pb2.Camera]) -> None:
    """Each is online, whichever worker has it."""

    async def online() -> bool:
        found = await client.registry.ListCameras(camera_pb2.ListCamerasRequest(page_size=100))
        states = {camera.uid: camera.state for camera in found.cameras}
        return all(states.get(camera.uid) == camera_pb2.ONLINE for camera in cameras)

    await eventually(online, PATIENCE_S)


async def check_nothing_lost(site: Site, cameras: Sequence[camera_pb2.Camera]) -> None:
    """Each minute is stored once, whoever has recorded it."""
    for camera in cameras:
        found = holes(await site.cluster.segments(camera))
        assert all(-ROUNDING_MS <= hole <= LONGEST_HOLE_MS for hole in found), found


async def test_three_pods_become_five_and_then_two_and_no_footage_is_lost(
    site: Site, kube_apiserver: KubeApiserver
) -> None:
    async with client_of(site.pods.settings) as client:
        kept = [await client.create(f"gate-{n}", site.cluster.village.url(GATE)) for n in range(3)]
        more = [await client.create(f"more-{n}", site.cluster.village.url(GATE)) for n in range(6)]
        await site.until(5)
        await until_recorded(client, kept + more)
        await asyncio.to_thread(kube_apiserver.restart)
        for camera in more:
            await client.registry.DeleteCamera(camera_pb2.DeleteCameraRequest(name=camera.name))
        await site.until(2)
        await until_recorded(client, kept)
    assert site.pods.undrained == []
    for stop in site.pods.stops.values():
        stop.set()
    await asyncio.gather(*site.pods.lives.values())
    await check_nothing_lost(site, kept)


async def test_a_pod_that_is_to_be_disrupted_drains_until_it_is_not(site: Site) -> None:
    drains = DrainRepository(site.database)
    status = f"/api/v1/namespaces/{site.namespace}/pods/ingest-1/status"

    async def say(value: str) -> None:
        condition = {
            "type": "DisruptionTarget",
            "status": value,
            "reason": "EvictionByEvictionAPI",
            "lastTransitionTime": format_time(SystemClock().now_ms()),  # an old one is called off at once
        }
        await site.rest.patch(status, {"status": {"conditions": [condition]}}, STRATEGIC_PATCH)

    async def is_asked() -> bool:
        return DISRUPTION in (await drains.asked()).get("ingest-1", ())

    async def is_not_asked() -> bool:
        return not await is_asked()

    async def owns_nothing() -> bool:
        return not (await drains.remains("ingest-1")).shards

    async def owns_something() -> bool:
        return not await owns_nothing()

    await eventually(owns_something, PATIENCE_S)
    await say("True")
    await eventually(is_asked, PATIENCE_S)
    await eventually(owns_nothing, PATIENCE_S)
    await say("False")
    await eventually(is_not_asked, PATIENCE_S)
    await eventually(owns_something, PATIENCE_S)
