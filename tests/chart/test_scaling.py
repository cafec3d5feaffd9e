"""The autoscaler on a real API server: with workers that are in the database alone, and nothing that runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from services.ingest.kubernetes.autoscaler import LOOK_SECONDS, Autoscaler
from services.ingest.kubernetes.client import open_kubernetes
from services.ingest.kubernetes.config import KubernetesSettings
from services.ingest.kubernetes.duty import on_duty
from services.ingest.kubernetes.metrics import AutoscalerMetrics, KubernetesMetrics
from services.ingest.shards.drains import AUTOSCALER, DrainRepository
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import Load, Worker
from snowlight.background import running
from snowlight.clock import SystemClock
from snowlight.database import Database, open_database
from snowlight.errors import ExpiredError
from snowlight.shards import SHARDS
from tests.parts.kubernetes.control_plane import KubeApiserver
from tests.parts.kubernetes.rest import KubernetesRest, RefusedError
from tests.rpc.ingest.conftest import MIGRATIONS
from tests.waiting import eventually

PATIENCE_S = 90
LABELS = {"app": "ingest"}


def workers(first: int, end: int) -> list[Worker]:
    return [Worker(f"ingest-{n}", "1", f"127.0.0.1:{7002 + n}", pod=f"ingest-{n}") for n in range(first, end)]


@dataclass
class Site:
    """A StatefulSet, and workers of its pods."""

    rest: KubernetesRest
    kubeconfig: Path
    namespace: str
    database: Database
    alive: list[Worker]
    cameras: int = 300
    files: dict[str, int] = field(default_factory=dict)
    """In the spools, by worker."""
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        self.shards = ShardRepository(self.database)
        self.drains = DrainRepository(self.database)
        self.metrics = AutoscalerMetrics(self.registry)
        self.path = f"/apis/apps/v1/namespaces/{self.namespace}/statefulsets"

    def settings(self) -> KubernetesSettings:
        return KubernetesSettings(
            namespace=self.namespace,
            stateful_set="ingest",
            autoscale=True,
            autoscale_least=2,
            autoscale_cameras=100,
            autoscale_cool_down_seconds=1,
        )

    async def replicas(self) -> int:
        return int((await self.rest.get(f"{self.path}/ingest"))["spec"]["replicas"])

    async def until(self, replicas: int) -> None:
        async def so_many() -> bool:
            with suppress(RefusedError, OSError):
                return await self.replicas() == replicas
            return False

        await eventually(so_many, PATIENCE_S)

    async def until_drains(self, *pods: str) -> None:
        async def they_do() -> bool:
            asked = await self.drains.asked()
            return {pod for pod, by in asked.items() if AUTOSCALER in by} == set(pods)

        await eventually(they_do, PATIENCE_S)

    async def beat(self) -> None:
        """They are alive, until cancelled."""
        while True:
            for worker in list(self.alive):
                with suppress(Exception):
                    await self.shards.beat(worker, Load(spool_files=self.files.get(worker.id, 0)))
            await asyncio.sleep(1)

    async def autoscale(self, kubeconfig: Path | None = None, worker: str = "ingest-0") -> None:
        """One term, until cancelled."""
        metrics = KubernetesMetrics(CollectorRegistry())
        async with open_kubernetes(kubeconfig or self.kubeconfig, metrics) as client:
            await Autoscaler(
                client,
                self.settings(),
                self.shards,
                self.drains,
                SystemClock(),
                self.metrics,
                worker=worker,
                cameras=lambda: self.cameras,
            ).run()

    def counted(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"snowlight_ingest_{name}", labels) or 0.0


@pytest.fixture
async def site(
    kube_apiserver: KubeApiserver, kube_rest: KubernetesRest, namespace: str, postgres_url: str
) -> AsyncIterator[Site]:
    container = {"name": "main", "image": "example/image:1"}
    spec = {
        "replicas": 3,
        "serviceName": "ingest",
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": {"containers": [container]}},
    }
    async with open_database(postgres_url, service="ingest", migrations=MIGRATIONS) as database:
        site = Site(kube_rest, kube_apiserver.kubeconfig, namespace, database, workers(0, 3))
        await kube_rest.create(site.path, {"metadata": {"name": "ingest"}, "spec": spec})
        for worker in site.alive:
            await site.shards.join(worker)
        async with running(site.beat()):
            yield site


async def test_more_cameras_bring_more_pods_and_fewer_take_them_away_one_by_one(site: Site) -> None:
    async with running(site.autoscale()):
        site.cameras = 450
        await site.until(5)
        for worker in workers(3, 5):
            await site.shards.join(worker)
            site.alive.append(worker)
        site.cameras = 100
        await site.until_drains("ingest-4")
        await site.until(4)
        site.alive.pop()
        await site.until_drains("ingest-3", "ingest-4")
        await site.until(3)
        site.alive.pop()
        await site.until(2)

        async def are_counted() -> bool:  # once the API server's answer is here, too
            return site.counted("autoscaler_decisions_total", decision="down") == 3

        await eventually(are_counted, PATIENCE_S)
    assert site.counted("autoscaler_decisions_total", decision="up") == 1


async def test_a_pod_that_still_has_footage_stays(site: Site) -> None:
    site.files["ingest-2"] = 1
    async with running(site.autoscale()):
        site.cameras = 100
        await site.until_drains("ingest-2")
        await asyncio.sleep(2 * LOOK_SECONDS)
        assert await site.replicas() == 3
        site.files.clear()
        await site.until(2)


async def test_a_drain_is_taken_back_when_cameras_come(site: Site) -> None:
    await site.shards.claim(site.alive[2], lambda view: range(SHARDS))
    async with running(site.autoscale(worker="ingest-2")):
        site.cameras = 100
        await site.until_drains("ingest-2")
        site.cameras = 300
        await site.until_drains()
    assert await site.replicas() == 3


async def test_an_api_server_that_is_away_and_comes_back_disturbs_nothing(
    site: Site, kube_apiserver: KubeApiserver
) -> None:
    async with running(site.autoscale()):
        await asyncio.to_thread(kube_apiserver.stop)
        try:
            site.cameras = 450

            async def failed() -> bool:
                return site.counted("autoscaler_errors_total", reason="unavailable") >= 2

            await eventually(failed, PATIENCE_S)
        finally:
            await asyncio.to_thread(kube_apiserver.start)
        await site.until(5)


async def test_a_storm_of_other_writers_holds_it_up_and_no_more(site: Site) -> None:
    async def storm() -> None:
        n = 0
        while True:
            n += 1
            await site.rest.patch(f"{site.path}/ingest", {"metadata": {"annotations": {"n": str(n)}}})
            await asyncio.sleep(0.1)

    async with running(storm(), storm(), site.autoscale()):
        site.cameras = 450
        await site.until(5)


async def test_who_has_lost_shard_0_does_nothing_more(site: Site) -> None:
    site.cameras = 450
    async with running(site.autoscale(worker="ingest-1")):

        async def has_looked() -> bool:
            return site.counted("replicas_wanted") == 5

        await eventually(has_looked, PATIENCE_S)
        await asyncio.sleep(LOOK_SECONDS)
        assert await site.replicas() == 3  # ingest-0 owns it
        await site.shards.release(site.alive[0], [0])
        await site.shards.claim(site.alive[1], lambda view: [0])
        await site.until(5)


async def test_a_term_ends_with_what_it_waits_for() -> None:
    has_duty, began, ended = True, asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with running(on_duty(lambda: has_duty, wait)):
        await began.wait()
        has_duty = False
        await asyncio.wait_for(ended.wait(), 10)
        began.clear()
        has_duty = True
        await asyncio.wait_for(began.wait(), 10)


async def test_a_watch_that_begins_too_long_ago_is_refused_as_expired(
    site: Site, kube_apiserver: KubeApiserver
) -> None:
    path = f"/api/v1/namespaces/{site.namespace}/configmaps"
    await asyncio.to_thread(kube_apiserver.restart)  # it knows nothing of before
    metrics = KubernetesMetrics(CollectorRegistry())
    async with (
        open_kubernetes(site.kubeconfig, metrics) as client,
        aclosing(client.watch(path, "1")) as changes,
    ):
        with pytest.raises(ExpiredError, match=r"kubernetes\.Expired"):
            await anext(changes)
