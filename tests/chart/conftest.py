"""What the chart's tests stand on: Helm at an API server that knows the kinds of others."""

from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any

import pytest

from tests.chart.releases import Releases
from tests.parts.kubernetes.control_plane import KubeApiserver
from tests.parts.kubernetes.following import insist
from tests.parts.kubernetes.nodes import Nodes
from tests.parts.kubernetes.rest import KubernetesRest
from tests.waiting import eventually

FOREIGN_KINDS = (
    ("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"),
    ("cert-manager.io", "v1", "Certificate", "certificates"),
    ("cert-manager.io", "v1", "Issuer", "issuers"),
    ("monitoring.coreos.com", "v1", "PodMonitor", "podmonitors"),
    ("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"),
    ("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules"),
)
"""Group, version, kind and plural of what the chart makes for operators that a cluster may have."""
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


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
    kube_apiserver: KubeApiserver, namespace: str, foreign_kinds: None, nodes: Nodes
) -> AsyncIterator[Releases]:
    """Helm in a namespace of this test's own. What is still installed afterwards is uninstalled."""
    with Releases(kube_apiserver.kubeconfig, namespace) as releases:
        yield releases
        for name in releases.names():
            await releases.uninstall(name)


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
