"""What a kubelet does for pods, as the API sees it: they run, become ready, and end."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Collection
from datetime import UTC, datetime
from typing import Protocol

from tests.parts.kubernetes.following import follow, insist
from tests.parts.kubernetes.rest import STRATEGIC_PATCH, KubernetesRest, Object


class PodRuntime(Protocol):
    """Runs what a pod holds. A test gives one whose pods are processes, or are slow, or fail."""

    async def start(self, pod: Object) -> None:
        """Return once the pod is ready. Cancelled when it is deleted before."""

    async def ended(self, pod: Object) -> None:
        """Return once a job's pod has done its work. Cancelled when it is deleted before."""

    async def stop(self, pod: Object) -> None:
        """Return once it has ended, its PreStop hook included, within `deletionGracePeriodSeconds`."""


class NothingRuns:
    """Every pod is ready at once, and done at once."""

    async def start(self, pod: Object) -> None:
        """At once."""

    async def ended(self, pod: Object) -> None:
        """At once."""

    async def stop(self, pod: Object) -> None:
        """At once."""


class Kubelets:
    """Of the nodes named `nodes`: the pods bound to them live by `runtime`."""

    def __init__(self, rest: KubernetesRest, nodes: Collection[str], runtime: PodRuntime) -> None:
        self._rest = rest
        self._nodes = nodes
        self._runtime = runtime
        self._deleted: dict[str, asyncio.Event] = {}
        """By the uid of every pod that lives here: somebody has deleted it."""
        self._addresses = (f"10.244.{n >> 8}.{n & 255}" for n in itertools.count(1))

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as pods:
            async for kind, pod in follow(self._rest, "/api/v1/pods"):
                uid = pod["metadata"]["uid"]
                if kind == "DELETED":
                    self._deleted.pop(uid, asyncio.Event()).set()
                elif pod["spec"].get("nodeName") in self._nodes:
                    if uid not in self._deleted:
                        self._deleted[uid] = asyncio.Event()
                        pods.create_task(self._live(pod, self._deleted[uid]))
                    if "deletionTimestamp" in pod["metadata"]:
                        self._deleted[uid].set()

    async def _live(self, pod: Object, deleted: asyncio.Event) -> None:
        await _unless(deleted, self._work(pod))
        await deleted.wait()
        await self._runtime.stop(pod)
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod["metadata"]["uid"]}}
        await insist(self._rest.delete, _path(pod), options)

    async def _work(self, pod: Object) -> None:
        if pod["status"].get("phase") in ("Succeeded", "Failed"):  # under kubelets before these
            return
        await self._runtime.start(pod)
        address = pod["status"].get("podIP") or next(self._addresses)
        await self._say(pod, _running(pod, address))
        if pod["spec"]["restartPolicy"] != "Always":
            await self._runtime.ended(pod)
            await self._say(pod, _succeeded(pod))

    async def _say(self, pod: Object, status: Object) -> None:
        body = {"metadata": {"uid": pod["metadata"]["uid"]}, "status": status}
        await insist(self._rest.patch, f"{_path(pod)}/status", body, STRATEGIC_PATCH)


async def _unless(event: asyncio.Event, work: Awaitable[None]) -> None:
    """Do `work`, which is cancelled when `event` is set."""
    tasks = [asyncio.ensure_future(work), asyncio.create_task(event.wait())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in done:
        await task


def _path(pod: Object) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _conditions(*, ready: bool) -> list[Object]:
    values = {
        "PodReadyToStartContainers": True,
        "Initialized": True,
        "ContainersReady": ready,
        "Ready": ready,
    }
    return [
        {"type": kind, "status": str(holds), "lastTransitionTime": _now()} for kind, holds in values.items()
    ]


def _container(container: Object, state: Object, *, ready: bool) -> Object:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": container["image"],
        "restartCount": 0,
        "ready": ready,
        "started": "running" in state,
        "state": state,
    }


def _done() -> Object:
    return {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": _now(), "finishedAt": _now()}}


def _running(pod: Object, address: str) -> Object:
    state = {"running": {"startedAt": _now()}}
    spec = pod["spec"]
    first = [
        _container(one, state if one.get("restartPolicy") == "Always" else _done(), ready=True)
        for one in spec.get("initContainers", ())
    ]
    return {
        "phase": "Running",
        "startTime": _now(),
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": _conditions(ready=True),
        "initContainerStatuses": first,
        "containerStatuses": [_container(one, state, ready=True) for one in spec["containers"]],
    }


def _succeeded(pod: Object) -> Object:
    return {
        "phase": "Succeeded",
        "conditions": _conditions(ready=False),
        "containerStatuses": [_container(one, _done(), ready=False) for one in pod["spec"]["containers"]],
    }
