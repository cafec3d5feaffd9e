"""Fixtures of a Kubernetes cluster."""

import secrets
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.parts.hooks import parts_key
from tests.parts.kubernetes.control_plane import KubeApiserver, run_controllers, run_kube_apiserver
from tests.parts.kubernetes.following import insist
from tests.parts.kubernetes.nodes import Nodes, run_nodes
from tests.parts.kubernetes.pods import NothingRuns, PodRuntime
from tests.parts.kubernetes.rest import KubernetesRest


@pytest.fixture(scope="session")
def kube_apiserver(request: pytest.FixtureRequest) -> Iterator[KubeApiserver]:
    """One API server for all tests, without controllers: objects stay as they are put."""
    with run_kube_apiserver(request.config.stash[parts_key].need("kube_apiserver")) as server:
        yield server


@pytest.fixture(scope="session")
def kube_controllers(kube_apiserver: KubeApiserver) -> Iterator[None]:
    """The controllers and the scheduler, from here to the end of the session."""
    with run_controllers(kube_apiserver):
        yield


@pytest.fixture
async def kube_rest(kube_apiserver: KubeApiserver) -> AsyncIterator[KubernetesRest]:
    """The administrator's way to objects of any kind."""
    async with kube_apiserver.rest() as rest:
        yield rest


@pytest.fixture
async def namespace(kube_rest: KubernetesRest) -> AsyncIterator[str]:
    """The name of an empty namespace of this test's own, in which pods may be made at once."""
    name = f"test-{secrets.token_hex(4)}"
    await kube_rest.create("/api/v1/namespaces", {"metadata": {"name": name}})
    accounts = f"/api/v1/namespaces/{name}/serviceaccounts"
    await insist(kube_rest.create, accounts, {"metadata": {"name": "default"}})  # controllers make it too
    yield name
    await kube_rest.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture
def pod_runtime() -> PodRuntime:
    """What runs on the nodes; override it where a test's pods are more than their status."""
    return NothingRuns()


@pytest.fixture
def node_count() -> int:
    """How many nodes there are; override it where a test needs others."""
    return 3


@pytest.fixture
async def nodes(
    kube_rest: KubernetesRest, kube_controllers: None, node_count: int, pod_runtime: PodRuntime
) -> AsyncIterator[Nodes]:
    """Ready nodes in zones a, b and c, gone after the test."""
    async with run_nodes(kube_rest, node_count, pod_runtime) as running:
        yield running
