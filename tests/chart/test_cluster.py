"""The cluster that the chart's tests run on behaves as one."""

import asyncio
from collections.abc import Mapping
from typing import Any

from tests.parts.kubernetes.control_plane import KubeApiserver
from tests.parts.kubernetes.nodes import ZONE_LABEL, Nodes
from tests.parts.kubernetes.rest import KubernetesRest, Object
from tests.waiting import eventually

CONTAINER = {"name": "main", "image": "example/image:1"}


async def test_objects_outlive_a_restart(
    kube_apiserver: KubeApiserver, kube_rest: KubernetesRest, namespace: str
) -> None:
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    await kube_rest.create(maps, {"metadata": {"name": "kept"}, "data": {"key": "value"}})
    await asyncio.to_thread(kube_apiserver.restart)
    assert (await kube_rest.get(f"{maps}/kept"))["data"] == {"key": "value"}


async def test_a_deployments_pods_become_ready_in_all_zones(
    kube_rest: KubernetesRest, namespace: str, nodes: Nodes
) -> None:
    await kube_rest.create(f"/apis/apps/v1/namespaces/{namespace}/deployments", _workload(3))
    await eventually(lambda: _ready(kube_rest, namespace, "deployments", 3), 60)
    pods = await kube_rest.items(f"/api/v1/namespaces/{namespace}/pods")
    zones = {
        (await kube_rest.get(f"/api/v1/nodes/{pod['spec']['nodeName']}"))["metadata"]["labels"][ZONE_LABEL]
        for pod in pods
    }
    assert zones == {"a", "b", "c"}


async def test_a_stateful_set_keeps_its_volumes_when_a_node_is_drained(
    kube_rest: KubernetesRest, namespace: str, nodes: Nodes
) -> None:
    await kube_rest.create(f"/apis/apps/v1/namespaces/{namespace}/statefulsets", _stateful(2))
    await eventually(lambda: _ready(kube_rest, namespace, "statefulsets", 2), 60)
    claims = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims"
    before = {claim["spec"]["volumeName"] for claim in await kube_rest.items(claims)}
    assert len(before) == 2

    pod = f"/api/v1/namespaces/{namespace}/pods/main-0"
    left = (await kube_rest.get(pod))["spec"]["nodeName"]
    await nodes.drain(left, namespace)
    await eventually(lambda: _ready(kube_rest, namespace, "statefulsets", 2), 60)

    assert (await kube_rest.get(pod))["spec"]["nodeName"] != left
    assert {claim["spec"]["volumeName"] for claim in await kube_rest.items(claims)} == before


async def test_a_job_is_done(kube_rest: KubernetesRest, namespace: str, nodes: Nodes) -> None:
    jobs = f"/apis/batch/v1/namespaces/{namespace}/jobs"
    spec = {"restartPolicy": "Never", "containers": [CONTAINER]}
    await kube_rest.create(jobs, {"metadata": {"name": "main"}, "spec": {"template": {"spec": spec}}})

    async def complete() -> bool:
        conditions = (await kube_rest.get(f"{jobs}/main"))["status"].get("conditions", ())
        return any(one["type"] == "Complete" and one["status"] == "True" for one in conditions)

    await eventually(complete, 60)


async def test_pods_go_on_after_the_api_server_was_away(
    kube_apiserver: KubeApiserver, kube_rest: KubernetesRest, namespace: str, nodes: Nodes
) -> None:
    await asyncio.to_thread(kube_apiserver.restart)
    await kube_rest.create(f"/apis/apps/v1/namespaces/{namespace}/deployments", _workload(1))
    await eventually(lambda: _ready(kube_rest, namespace, "deployments", 1), 60)


async def _ready(rest: KubernetesRest, namespace: str, kind: str, count: int) -> bool:
    status = (await rest.get(f"/apis/apps/v1/namespaces/{namespace}/{kind}/main")).get("status", {})
    return bool(status.get("readyReplicas") == count)


def _workload(replicas: int, **more: Any) -> Object:
    spread = {
        "maxSkew": 1,
        "topologyKey": ZONE_LABEL,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "main"}},
    }
    template: Mapping[str, Any] = {
        "metadata": {"labels": {"app": "main"}},
        "spec": {"containers": [CONTAINER], "topologySpreadConstraints": [spread]},
    }
    selector = {"matchLabels": {"app": "main"}}
    spec = {"replicas": replicas, "selector": selector, "template": template, **more}
    return {"metadata": {"name": "main"}, "spec": spec}


def _stateful(replicas: int) -> Object:
    claim = {
        "metadata": {"name": "spool"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    workload = _workload(replicas, serviceName="main", volumeClaimTemplates=[claim])
    del workload["spec"]["template"]["spec"]["topologySpreadConstraints"]
    return workload
