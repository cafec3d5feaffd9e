"""Cameras as custom resources as a part of ingest, where there are any."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from services.ingest.camera_resources.duty import CameraResources
from services.ingest.camera_resources.metrics import CameraResourceMetrics
from services.ingest.kubernetes.client import open_kubernetes
from services.ingest.kubernetes.config import KubernetesSettings
from services.ingest.kubernetes.metrics import KubernetesMetrics
from services.ingest.registry.cameras import Cameras
from services.ingest.registry.feed import CameraFeed
from services.ingest.status.board import StatusBoard
from snowlight.background import running
from snowlight.clock import Clock


@asynccontextmanager
async def camera_resources(
    settings: KubernetesSettings,
    cameras: Cameras,
    feed: CameraFeed,
    board: StatusBoard,
    clock: Clock,
    registry: CollectorRegistry,
    has_duty: Callable[[], bool],
) -> AsyncIterator[None]:
    """They are brought into the registry inside, while this worker has the duty. Raises UnavailableError
    where they are asked for and there is no Kubernetes."""
    namespace = settings.camera_resources_namespace or settings.namespace
    if not settings.camera_resources or namespace is None:
        yield
        return
    async with open_kubernetes(settings.kubeconfig, KubernetesMetrics(registry)) as client:
        metrics = CameraResourceMetrics(registry)
        duty = CameraResources(client, namespace, cameras, feed, board, clock, metrics, has_duty)
        async with running(duty.run()):
            yield
