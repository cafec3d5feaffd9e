"""What a worker of a pod does beside recording: as far as it is told to, and on Kubernetes alone.

What speaks to the API server is loaded where there is one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import CollectorRegistry

from services.ingest.kubernetes.config import KubernetesSettings
from services.ingest.kubernetes.duty import on_duty
from services.ingest.kubernetes.metrics import AutoscalerMetrics, KubernetesMetrics
from services.ingest.kubernetes.patience import Patience
from snowlight.clock import Clock
from snowlight.errors import SnowlightError, UnavailableError

if TYPE_CHECKING:
    from services.ingest.kubernetes.client import KubernetesClient
    from services.ingest.shards.drains import DrainRepository
    from services.ingest.shards.repository import ShardRepository

RETRY_SECONDS = 30.0
ZONE_SECONDS = 3.0
"""A start waits so long for the zone at most; it is found later then."""

log = structlog.get_logger(__name__)


class KubernetesWork:
    """Of one worker."""

    def __init__(self, settings: KubernetesSettings, registry: CollectorRegistry) -> None:
        self._settings = settings
        self._registry = registry
        self._metrics = KubernetesMetrics(registry) if settings.namespace else None
        self._zone_failed: SnowlightError | None = None

    async def zone(self) -> str:
        """Of the node that this runs on; empty where that cannot be told now: `tasks` find it then."""
        try:
            return await self._ask_zone(ZONE_SECONDS)
        except TimeoutError:
            self._zone_failed = UnavailableError("kubernetes.unavailable", "it did not answer in time")
        except SnowlightError as error:
            self._zone_failed = error
        return ""

    async def _ask_zone(self, seconds: float | None = None) -> str:
        """Raises TimeoutError when there is no answer after `seconds`; None: as long as for any call."""
        node = self._settings.node
        if self._metrics is None or node is None:
            return ""
        from services.ingest.kubernetes.zone import zone_of

        async with self._open(self._metrics) as client:
            async with asyncio.timeout(seconds):
                return await zone_of(client, node)

    async def _find_zone(self, failed: SnowlightError, on_zone: Callable[[str], None]) -> None:
        """Ask until the API server has answered, once a minute at the end."""
        patience = Patience("zone.unknown")
        while True:
            await patience.after(failed)
            try:
                zone = await self._ask_zone()
            except SnowlightError as error:
                failed = error
            else:
                log.info("zone.found", zone=zone)
                on_zone(zone)
                return

    def tasks(
        self,
        worker: str,
        shards: ShardRepository,
        drains: DrainRepository,
        clock: Clock,
        *,
        has_duty: Callable[[], bool],
        cameras: Callable[[], int | None],
        on_zone: Callable[[str], None],
    ) -> Iterator[Coroutine[Any, Any, None]]:
        """They run until they are cancelled. `has_duty`: this worker owns shard 0 now. `cameras`: registered
        and switched on, None while that is not known. `on_zone` is told the zone, where it was not at first.
        """
        settings = self._settings
        if self._metrics is None or settings.namespace is None:
            return
        if self._zone_failed is not None:
            yield self._find_zone(self._zone_failed, on_zone)
        if settings.pod == worker:  # the first one of the pod
            from services.ingest.kubernetes.pod_watch import PodWatch

            namespace, pod = settings.namespace, worker

            async def watch(client: KubernetesClient) -> None:
                await PodWatch(client, drains, namespace, pod).run()

            yield self.connected(watch)
        if settings.autoscale:
            from services.ingest.kubernetes.autoscaler import Autoscaler

            metrics = AutoscalerMetrics(self._registry)

            async def scale(client: KubernetesClient) -> None:
                await Autoscaler(
                    client, settings, shards, drains, clock, metrics, worker=worker, cameras=cameras
                ).run()

            yield on_duty(has_duty, lambda: self.connected(scale))

    async def connected(self, work: Callable[[KubernetesClient], Awaitable[None]]) -> None:
        """Have `work` done with a client, once there can be one. Only where ingest runs on Kubernetes."""
        assert self._metrics is not None
        while True:
            try:
                async with self._open(self._metrics) as client:
                    await work(client)
            except UnavailableError as error:
                log.warning("kubernetes.away", reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)

    def _open(self, metrics: KubernetesMetrics) -> AbstractAsyncContextManager[KubernetesClient]:
        from services.ingest.kubernetes.client import open_kubernetes

        return open_kubernetes(self._settings.kubeconfig, metrics)
