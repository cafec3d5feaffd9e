"""A pod's own watcher: Kubernetes says in the pod's conditions that it will end it, before it does."""

import asyncio
from contextlib import aclosing

import structlog

from services.ingest.kubernetes.client import Document, KubernetesClient, path_of
from services.ingest.shards.drains import DISRUPTION, DrainRepository
from snowlight.errors import ExpiredError, NotFoundError, PermissionDeniedError, SnowlightError

PAUSES = (1.0, 60.0)

log = structlog.get_logger(__name__)


class PodWatch:
    """The first worker of a pod has it, for all of them."""

    def __init__(self, client: KubernetesClient, drains: DrainRepository, namespace: str, pod: str) -> None:
        self._client = client
        self._drains = drains
        self._pod = pod
        self._path = path_of("v1", "pods", namespace=namespace)
        self._query = {"fieldSelector": f"metadata.name={pod}"}
        self._drains_now = False

    async def run(self) -> None:
        """Until cancelled. Whatever fails is tried again."""
        pause, told_forbidden = PAUSES[0], False
        while True:
            try:
                await self._follow()
            except ExpiredError:
                continue  # 410: the list is read anew
            except SnowlightError as error:
                forbidden = isinstance(error, PermissionDeniedError)
                if not (forbidden and told_forbidden):
                    log.warning("pod.not_watched", reason=str(error))
                told_forbidden = forbidden
                pause = min(max(pause, float(error.retry_after_s or 0)), PAUSES[1])
                await asyncio.sleep(pause)
                pause = min(2 * pause, PAUSES[1])
            else:
                pause = PAUSES[0]

    async def _follow(self) -> None:
        listed = await self._client.get(self._path, self._query)
        for pod in listed["items"]:
            await self._heed(pod)
        changes = self._client.watch(self._path, str(listed["metadata"]["resourceVersion"]), self._query)
        async with aclosing(changes):
            async for event in changes:
                if event.kind in ("ADDED", "MODIFIED"):
                    await self._heed(event.document)

    async def _heed(self, pod: Document) -> None:
        """Drain once the pod is to end, and no more when that was called off."""
        ends = is_disrupted(pod)
        if ends:
            await self._drains.ask(self._pod, DISRUPTION)  # again: a worker of the pod may have joined anew
        elif self._drains_now:
            await self._drains.take_back([self._pod], DISRUPTION)
        if ends != self._drains_now:
            log.info("pod.drains" if ends else "pod.stays", pod=self._pod)
        self._drains_now = ends


def is_disrupted(pod: Document) -> bool:
    """It has the condition DisruptionTarget: an eviction, a taint or a preemption ends it."""
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(each["type"] == "DisruptionTarget" and each["status"] == "True" for each in conditions)


async def zone_of(client: KubernetesClient, node: str) -> str:
    """The zone that a node's labels tell; empty where they tell none, or may not be read."""
    try:
        found = await client.get(path_of("v1", "nodes", node))
    except (NotFoundError, PermissionDeniedError) as error:
        log.warning("zone.unknown", reason=str(error))
        return ""
    return str(found["metadata"].get("labels", {}).get("topology.kubernetes.io/zone", ""))
