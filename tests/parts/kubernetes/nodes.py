"""Nodes that run nothing unless told to: ready, in zones, and with a life for every pod bound to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from tests.parts.kubernetes.following import insist
from tests.parts.kubernetes.pods import Kubelets, PodRuntime
from tests.parts.kubernetes.rest import STRATEGIC_PATCH, KubernetesRest, Object, RefusedError
from tests.parts.kubernetes.volumes import provision_volumes

ZONES = ("a", "b", "c")
ZONE_LABEL = "topology.kubernetes.io/zone"
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
_RENEWED_EVERY_S = 10
_EVICTION_RETRY_S = 0.5


class Nodes:
    """By name: `node-0` in zone a, `node-1` in zone b, and so on."""

    def __init__(self, rest: KubernetesRest, count: int) -> None:
        self._rest = rest
        self.names: Sequence[str] = [f"node-{number}" for number in range(count)]

    async def cordon(self, name: str, *, unschedulable: bool = True) -> None:
        """No new pod comes to it, or again."""
        await self._rest.patch(f"/api/v1/nodes/{name}", {"spec": {"unschedulable": unschedulable}})

    async def drain(self, name: str, namespace: str) -> None:
        """As `kubectl drain`: cordon, then evict until no pod of the namespace is left on it.

        A disruption budget holds it up for as long as it has to.
        """
        await self.cordon(name)
        pods = f"/api/v1/namespaces/{namespace}/pods"
        while left := await self._rest.items(pods, fieldSelector=f"spec.nodeName={name}"):
            for pod in left:
                if "deletionTimestamp" not in pod["metadata"]:
                    await self._evict(pods, pod["metadata"]["name"])
            await asyncio.sleep(_EVICTION_RETRY_S)

    async def _evict(self, pods: str, name: str) -> None:
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
        try:
            await self._rest.create(f"{pods}/{name}/eviction", eviction)
        except RefusedError as error:
            if error.status not in (404, 429):  # 429: its budget does not allow it now
                raise


@asynccontextmanager
async def run_nodes(rest: KubernetesRest, count: int, runtime: PodRuntime) -> AsyncIterator[Nodes]:
    """Ready nodes while the context is open. They need the controllers, who let pods come to them."""
    nodes = Nodes(rest, count)
    for number, name in enumerate(nodes.names):
        await insist(rest.create, "/api/v1/nodes", _node(name, number))
    work = asyncio.create_task(_work(rest, nodes.names, runtime))
    try:
        await _until_schedulable(rest, nodes.names, work)
        yield nodes
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        for name in nodes.names:
            await insist(rest.delete, f"/api/v1/nodes/{name}")


async def _work(rest: KubernetesRest, names: Collection[str], runtime: PodRuntime) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(Kubelets(rest, names, runtime).run())
        tasks.create_task(provision_volumes(rest))
        for name in names:
            tasks.create_task(_heartbeat(rest, name))


async def _until_schedulable(rest: KubernetesRest, names: Collection[str], work: asyncio.Task[None]) -> None:
    """The controllers have seen that they are ready. Raises what has ended `work`."""
    async with asyncio.timeout(60):
        while any([(await rest.get(f"/api/v1/nodes/{name}"))["spec"].get("taints") for name in names]):
            if work.done():
                work.result()
            await asyncio.sleep(0.1)


async def _heartbeat(rest: KubernetesRest, name: str) -> None:
    lease = {"metadata": {"name": name}, "spec": {"holderIdentity": name, "leaseDurationSeconds": 40}}
    await insist(rest.create, _LEASES, lease)
    ready = {"status": {"conditions": [_ready()]}}
    await insist(rest.patch, f"/api/v1/nodes/{name}/status", ready, STRATEGIC_PATCH)
    while True:
        renewed = {"spec": {"renewTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")}}
        await insist(rest.patch, f"{_LEASES}/{name}", renewed)
        await asyncio.sleep(_RENEWED_EVERY_S)


def _ready() -> Object:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "lastHeartbeatTime": now,
        "lastTransitionTime": now,
    }


def _node(name: str, number: int) -> Object:
    room = {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": "500"}
    return {
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                ZONE_LABEL: ZONES[number % len(ZONES)],
            },
        },
        "status": {
            "capacity": room,
            "allocatable": room,
            "addresses": [{"type": "InternalIP", "address": f"10.0.0.{number + 1}"}],
            "nodeInfo": {},
        },
    }
