"""Two releases beside one another, a namespace each: neither has what is the other's."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.chart.objects import CLUSTER_WIDE, Objects
from tests.chart.releases import EMBEDDED, Releases
from tests.parts.kubernetes.control_plane import KubeApiserver
from tests.parts.kubernetes.following import insist
from tests.parts.kubernetes.rest import KubernetesRest

VALUES = {**EMBEDDED, "cameraResources": {"enabled": True}}
DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/cameras.snowlight.io"


@pytest.fixture
async def beside(
    kube_apiserver: KubeApiserver, kube_rest: KubernetesRest, releases: Releases
) -> AsyncIterator[Releases]:
    """Helm in a second namespace. What is installed afterwards is uninstalled."""
    name = f"test-{secrets.token_hex(4)}"
    await kube_rest.create("/api/v1/namespaces", {"metadata": {"name": name}})
    accounts = f"/api/v1/namespaces/{name}/serviceaccounts"
    await insist(kube_rest.create, accounts, {"metadata": {"name": "default"}})
    with Releases(kube_apiserver.kubeconfig, name) as beside:
        yield beside
        for release in beside.names():
            await beside.uninstall(release)
    await kube_rest.delete(f"/api/v1/namespaces/{name}")


async def test_two_releases_of_one_name_in_two_namespaces(
    releases: Releases, beside: Releases, kube_rest: KubernetesRest
) -> None:
    await releases.install(VALUES)
    await beside.install(VALUES)
    assert cluster_wide(releases) - cluster_wide(beside) >= {
        ("CustomResourceDefinition", "cameras.snowlight.io"),
        ("CustomResourceDefinition", "camerasites.snowlight.io"),
    }
    assert cluster_wide(releases).isdisjoint(cluster_wide(beside))

    made = cluster_wide(releases), cluster_wide(beside)
    for each in (releases, beside):
        await each.upgrade(VALUES)
    assert (cluster_wide(releases), cluster_wide(beside)) == made
    assert await owner(kube_rest) == releases.namespace
    await releases.uninstall()
    objects = Objects(kube_rest, beside.namespace)
    for manifest in beside.manifests():
        assert await objects.exists(manifest), manifest["metadata"]["name"]
    assert await kube_rest.exists(DEFINITION)


def cluster_wide(releases: Releases) -> set[tuple[str, str]]:
    """Kind and name of what a release has made that is of no namespace."""
    return {
        (one["kind"], one["metadata"]["name"]) for one in releases.manifests() if one["kind"] in CLUSTER_WIDE
    }


async def owner(rest: KubernetesRest) -> Any:
    """The namespace of the release that has the definitions."""
    return (await rest.get(DEFINITION))["metadata"]["annotations"]["meta.helm.sh/release-namespace"]
