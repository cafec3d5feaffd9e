"""A worker's zone is its node's, as soon as the API server tells it, and shards are placed by it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from services.ingest.kubernetes.config import KubernetesSettings
from services.ingest.kubernetes.work import KubernetesWork
from services.ingest.shards.rendezvous import Zones, wanted_owners
from services.ingest.shards.repository import ShardRepository
from simulator.ports import free_port
from snowlight.config import ClusterSettings
from snowlight.database import Database, open_database
from tests.parts.kubernetes.control_plane import KubeApiserver
from tests.parts.kubernetes.nodes import ZONE_LABEL, Nodes
from tests.parts.kubernetes.proxy import run_api_proxy
from tests.parts.kubernetes.rest import KubernetesRest
from tests.rpc.ingest.cluster import running_worker
from tests.rpc.ingest.conftest import MIGRATIONS, cluster
from tests.waiting import eventually

__all__ = ("cluster",)  # a fixture

PATIENCE_S = 90


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    async with open_database(postgres_url, service="ingest", migrations=MIGRATIONS) as database:
        yield database


async def zones(database: Database) -> Mapping[str, str]:
    """Of the workers that are alive, as they tell each other."""
    _, live = await ShardRepository(database).owners()
    return {worker.id: worker.zone for worker in live.values()}


async def are_placed(database: Database) -> bool:
    """Each shard has the owner that is drawn for it by zones."""
    rows, live = await ShardRepository(database).owners()
    weights = {worker.id: worker.weight for worker in live.values()}
    drawn = Zones({worker.id: worker.zone for worker in live.values()})
    return [row.owner for row in rows] == wanted_owners(weights, drawn)


async def test_a_zone_that_could_not_be_told_at_the_start_is_found_and_shards_go_where_it_wants_them(
    cluster: ClusterSettings,
    database: Database,
    postgres_url: str,
    nodes: Nodes,
    kube_apiserver: KubeApiserver,
    namespace: str,
    tmp_path: Path,
) -> None:
    port = free_port()
    away = kube_apiserver.write_kubeconfig(tmp_path / "away", url=f"http://127.0.0.1:{port}")
    first = KubernetesSettings(namespace=namespace, kubeconfig=kube_apiserver.kubeconfig, node=nodes.names[0])
    second = KubernetesSettings(namespace=namespace, kubeconfig=away, node=nodes.names[1])
    async with (
        running_worker(cluster, postgres_url, tmp_path, "one", kubernetes=first),
        running_worker(cluster, postgres_url, tmp_path, "two", kubernetes=second),
    ):
        assert await zones(database) == {"one": "a", "two": ""}
        await eventually(lambda: are_placed(database), PATIENCE_S)
        async with run_api_proxy(kube_apiserver, port):

            async def is_found() -> bool:
                return await zones(database) == {"one": "a", "two": "b"}

            await eventually(is_found, PATIENCE_S)
        await eventually(lambda: are_placed(database), PATIENCE_S)


async def test_a_node_without_a_zone_and_one_that_is_unknown_have_none(
    kube_apiserver: KubeApiserver, namespace: str, nodes: Nodes, kube_rest: KubernetesRest
) -> None:
    await kube_rest.patch(f"/api/v1/nodes/{nodes.names[0]}", {"metadata": {"labels": {ZONE_LABEL: None}}})
    for node in (nodes.names[0], "gone"):
        settings = KubernetesSettings(namespace=namespace, kubeconfig=kube_apiserver.kubeconfig, node=node)
        work = KubernetesWork(settings, CollectorRegistry())
        assert await work.zone() == ""
