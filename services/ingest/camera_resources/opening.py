"""Cameras as custom resources as a part of ingest, where there are any."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from services.ingest.camera_resources.api import ResourceApi
from services.ingest.camera_resources.config import CameraResourceSettings
from services.ingest.camera_resources.duty import CameraResources
from services.ingest.camera_resources.metrics import CameraResourceMetrics
from services.ingest.registry.cameras import Cameras
from services.ingest.registry.feed import CameraFeed
from services.ingest.status.board import StatusBoard
from snowlight.background import running
from snowlight.clock import Clock
from snowlight.errors import FailedPreconditionError


@asynccontextmanager
async def camera_resources(
    settings: CameraResourceSettings,
    cameras: Cameras,
    feed: CameraFeed,
    board: StatusBoard,
    clock: Clock,
    registry: CollectorRegistry,
    has_duty: Callable[[], bool],
) -> AsyncIterator[None]:
    """They are brought into the registry inside, while this worker has the duty. Raises
    FailedPreconditionError where they are asked for outside of Kubernetes."""
    namespace = settings.where
    if namespace is None:
        yield
        return
    from kubernetes.aio.client import ApiClient, Configuration  # it takes a second
    from kubernetes.aio.config import ConfigException, load_incluster_config

    configuration = Configuration()
    try:
        load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    except ConfigException as error:
        raise FailedPreconditionError(
            "kubernetes.absent", f"SNOWLIGHT_KUBERNETES_CAMERA_RESOURCES is for pods of Kubernetes: {error}"
        ) from error
    metrics = CameraResourceMetrics(registry)
    async with ApiClient(configuration) as client:
        api = ResourceApi(client, metrics)
        duty = CameraResources(api, namespace, cameras, feed, board, clock, metrics, has_duty)
        async with running(duty.run()):
            yield
