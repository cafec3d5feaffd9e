"""A pod's own watcher: Kubernetes says in the pod's conditions that it will end it, before it does."""

import asyncio

import structlog

from services.ingest.kubernetes.client import KubernetesClient, Manifest, path_of
from services.ingest.kubernetes.reflector import Reflector
from services.ingest.shards.drains import DISRUPTION, DrainRepository
from snowlight.errors import UnavailableError

RETRY_SECONDS = 1.0

log = structlog.get_logger(__name__)


class PodWatch:
    """The first worker of a pod has it, for all of them."""

    def __init__(self, client: KubernetesClient, drains: DrainRepository, namespace: str, pod: str) -> None:
        self._drains = drains
        self._pod = pod
        self._changed = asyncio.Event()
        self._pods = Reflector(
            client,
            path_of("v1", "pods", namespace=namespace),
            lambda *_: self._changed.set(),
            {"fieldSelector": f"metadata.name={pod}"},
        )

    async def run(self) -> None:
        """Until cancelled. Whatever fails is tried again."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pods.run())
            tasks.create_task(self._follow())

    async def _follow(self) -> None:
        drains = False
        while True:
            await self._changed.wait()
            self._changed.clear()
            pod = self._pods.get(self._pod)
            ends = pod is not None and is_disrupted(pod)
            try:
                if ends:
                    # At each change anew: a worker of the pod that joined meanwhile has taken it back.
                    await self._drains.ask(self._pod, DISRUPTION)
                elif drains:
                    await self._drains.take_back([self._pod], DISRUPTION)
            except UnavailableError as error:
                log.warning("pod.drain_untold", pod=self._pod, reason=str(error))
                self._changed.set()
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if ends != drains:
                log.info("pod.drains" if ends else "pod.stays", pod=self._pod)
            drains = ends


def is_disrupted(pod: Manifest) -> bool:
    """It has the condition DisruptionTarget: an eviction, a taint or a preemption ends it."""
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(each["type"] == "DisruptionTarget" and each["status"] == "True" for each in conditions)
