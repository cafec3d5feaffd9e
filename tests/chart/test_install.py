"""`helm install` and `helm uninstall`, on a real API server."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from helm_python import HelmError

from tests.chart.matrix import values_of
from tests.chart.objects import Objects
from tests.chart.releases import EMBEDDED, EXTERNAL, Releases
from tests.parts.kubernetes.following import insist
from tests.parts.kubernetes.rest import KubernetesRest
from tests.parts.kubernetes.volumes import CLASSES, storage_class
from tests.waiting import eventually

WORKLOADS = ("deployments", "statefulsets")


@pytest.fixture
async def local_disks(kube_rest: KubernetesRest) -> None:
    """The StorageClass that the example of an existing cluster names."""
    await insist(kube_rest.create, CLASSES, storage_class("local"))


@pytest.mark.parametrize(
    "values",
    [
        EMBEDDED,
        EXTERNAL,
        values_of("existing-cluster.yaml"),
        {**EMBEDDED, **values_of("watched and routed to")},
    ],
    ids=["town of 59 cameras", "external", "existing cluster", "watched and routed to"],
)
async def test_an_installed_cluster_becomes_ready(
    releases: Releases, kube_rest: KubernetesRest, local_disks: None, values: Mapping[str, Any]
) -> None:
    await releases.install(values)
    apps = f"/apis/apps/v1/namespaces/{releases.namespace}"
    found = [workload for kind in WORKLOADS for workload in await kube_rest.items(f"{apps}/{kind}")]
    ready = {
        workload["metadata"]["name"]: (workload["status"].get("readyReplicas"), workload["spec"]["replicas"])
        for workload in found
    }
    services = {f"snowlight-{service}" for service in ("auth", "storage", "ingest", "gateway")}
    assert ready.keys() >= services
    assert all(now == wanted for now, wanted in ready.values()), ready


async def test_two_releases_live_beside_one_another(releases: Releases) -> None:
    await releases.install(EMBEDDED, release="first")
    await releases.install(EMBEDDED, release="second")
    names = [
        {(one["kind"], one["metadata"]["name"]) for one in releases.manifests(release)}
        for release in ("first", "second")
    ]
    assert names[0].isdisjoint(names[1])


async def test_a_refused_value_makes_nothing(releases: Releases, kube_rest: KubernetesRest) -> None:
    with pytest.raises(HelmError, match="replicas"):
        await releases.install({**EMBEDDED, "auth": {"replicas": "many"}})
    secrets = await kube_rest.items(f"/api/v1/namespaces/{releases.namespace}/secrets")
    assert [secret["metadata"]["name"] for secret in secrets] == []


async def test_an_uninstall_leaves_what_it_is_told_to_keep(
    releases: Releases, kube_rest: KubernetesRest
) -> None:
    await releases.install(EMBEDDED)
    manifests = releases.manifests()
    objects = Objects(kube_rest, releases.namespace)
    claims = f"/api/v1/namespaces/{releases.namespace}/persistentvolumeclaims"
    spools = {claim["metadata"]["name"] for claim in await kube_rest.items(claims)}
    await releases.uninstall()

    kept = [one for one in manifests if _is_kept(one)]
    gone = [one for one in manifests if not _is_kept(one)]
    assert {one["kind"] for one in kept} == {"Secret"}
    for manifest in kept:
        assert await objects.exists(manifest)

    async def all_gone() -> bool:
        return not any(await asyncio.gather(*map(objects.exists, gone)))

    await eventually(all_gone, 60)
    assert {claim["metadata"]["name"] for claim in await kube_rest.items(claims)} == spools


def _is_kept(manifest: Mapping[str, Any]) -> bool:
    annotations = manifest["metadata"].get("annotations") or {}
    return bool(annotations.get("helm.sh/resource-policy") == "keep")
