"""Cameras as custom resources as a part of ingest, where there are any."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry

from services.ingest.kubernetes.config import KubernetesSettings
from services.ingest.kubernetes.work import KubernetesWork
from services.ingest.registry.cameras import Cameras
from services.ingest.registry.feed import CameraFeed
from services.ingest.status.board import StatusBoard
from snowlight.clock import Clock

if TYPE_CHECKING:
    from services.ingest.kubernetes.client import KubernetesClient


def camera_resources(
    settings: KubernetesSettings,
    kubernetes: KubernetesWork,
    cameras: Cameras,
    feed: CameraFeed,
    board: StatusBoard,
    clock: Clock,
    registry: CollectorRegistry,
    *,
    has_duty: Callable[[], bool],
) -> Iterator[Coroutine[Any, Any, None]]:
    """What brings them into the registry while this worker has the duty, until it is cancelled."""
    namespace = settings.camera_resources_namespace or settings.namespace
    if not settings.camera_resources or namespace is None:
        return
    # Loaded only where there are any.
    from services.ingest.camera_resources.duty import CameraResources
    from services.ingest.camera_resources.metrics import CameraResourceMetrics
    from services.ingest.camera_resources.term import Term

    metrics = CameraResourceMetrics(registry)

    async def bring_in(client: KubernetesClient) -> None:
        def new_term() -> Term:
            return Term(client, namespace, cameras, feed, board, clock, metrics, has_duty)

        await CameraResources(new_term, metrics, has_duty).run()

    yield kubernetes.connected(bring_in)
