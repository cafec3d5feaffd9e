"""What the chart's tests stand on: Helm at an API server that knows the kinds of others."""

from collections.abc import AsyncIterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.chart.accounts import IngestAccount
from tests.chart.camera_resources import GROUP, Resources, install_definitions
from tests.chart.releases import Releases
from tests.parts.kubernetes.control_plane import KubeApiserver
from tests.parts.kubernetes.following import insist
from tests.parts.kubernetes.nodes import Nodes
from tests.parts.kubernetes.rest import KubernetesRest
from tests.rpc.ingest.conftest import Registry, serve_registry
from tests.waiting import eventually

FOREIGN_KINDS = (
    ("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"),
    ("gateway.networking.k8s.io", "v1", "TLSRoute", "tlsroutes"),
    ("cert-manager.io", "v1", "Certificate", "certificates"),
    ("cert-manager.io", "v1", "Issuer", "issuers"),
    ("monitoring.coreos.com", "v1", "PodMonitor", "podmonitors"),
    ("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"),
    ("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules"),
)
"""Group, version, kind and plural of what the chart makes for operators that a cluster may have."""
OWN_KINDS = ("cameras", "camerasites")
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture
async def namespace(namespace: str, kube_rest: KubernetesRest) -> AsyncIterator[str]:
    """Of whose Cameras none stays for want of a worker that lets it go: neither they nor their kind would."""
    yield namespace
    cameras = f"{GROUP}/namespaces/{namespace}/cameras"
    if await kube_rest.exists(cameras):
        for camera in await kube_rest.items(cameras):
            one = f"{cameras}/{camera['metadata']['name']}"
            await insist(kube_rest.patch, one, {"metadata": {"finalizers": []}})


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[Registry]:
    """Ingest's, that Cameras may be brought into."""
    async with serve_registry(f"sqlite+aiosqlite:///{tmp_path / 'ingest.db'}") as running:
        yield running


@pytest.fixture
async def resources(kube_rest: KubernetesRest, namespace: str) -> Resources:
    """Cameras and sites may be made in the namespace."""
    await install_definitions(kube_rest)
    return Resources(kube_rest, namespace)


@pytest.fixture
async def account(kube_rest: KubernetesRest, namespace: str) -> IngestAccount:
    """Ingest's ServiceAccount, with the roles that the chart gives it."""
    account = IngestAccount(kube_rest, namespace)
    await account.create()
    return account


@pytest.fixture
async def foreign_kinds(kube_rest: KubernetesRest) -> None:
    """The API server takes any object of these kinds."""
    for group, version, kind, plural in FOREIGN_KINDS:
        definition = _definition(group, version, kind, plural)
        await insist(kube_rest.create, _DEFINITIONS, definition)  # there already, after the first test
    for group, version, _, plural in FOREIGN_KINDS:
        await eventually(partial(kube_rest.exists, f"/apis/{group}/{version}/{plural}"), 60)


@pytest.fixture
async def releases(
    kube_apiserver: KubeApiserver,
    kube_rest: KubernetesRest,
    namespace: str,
    foreign_kinds: None,
    nodes: Nodes,
) -> AsyncIterator[Releases]:
    """Helm in a namespace of this test's own. What is installed afterwards is uninstalled, and its kinds."""
    with Releases(kube_apiserver.kubeconfig, namespace) as releases:
        yield releases
        for name in releases.names():
            await releases.uninstall(name)
    for plural in OWN_KINDS:  # which Helm keeps, as a release of this namespace's
        path = f"{_DEFINITIONS}/{plural}.snowlight.io"
        await insist(kube_rest.delete, path)
        await eventually(partial(_is_gone, kube_rest, path), 60)


async def _is_gone(rest: KubernetesRest, path: str) -> bool:
    return not await rest.exists(path)


def _definition(group: str, version: str, kind: str, plural: str) -> Mapping[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    approval = {"api-approved.kubernetes.io": "unapproved, for tests only"}
    return {
        "metadata": {"name": f"{plural}.{group}", "annotations": approval},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [
                {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
            ],
        },
    }
