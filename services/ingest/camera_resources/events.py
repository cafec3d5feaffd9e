"""Kubernetes Events of resources: what failed, and what was done that its writer may not expect."""

import asyncio
from dataclasses import dataclass
from typing import Literal

import structlog

from services.ingest.camera_resources.resources import GROUP_VERSION, CameraResource
from services.ingest.kubernetes.client import Document, KubernetesClient, format_time, path_of
from services.ingest.kubernetes.patience import Failures
from services.ingest.pace import Pace
from snowlight.clock import Clock
from snowlight.errors import SnowlightError

MOST_WAITING = 500
"""More that come at once are left out: the condition of each resource tells the same."""
PER_SECOND = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Event:
    resource: CameraResource
    kind: Literal["Normal", "Warning"]
    reason: str
    message: str
    time_ms: int


class Events:
    """Told in the order they happen, a few in a second."""

    def __init__(self, client: KubernetesClient, namespace: str, clock: Clock) -> None:
        self._client = client
        self._path = path_of("v1", "events", namespace=namespace)
        self._clock = clock
        self._waiting: asyncio.Queue[_Event] = asyncio.Queue(MOST_WAITING)
        self._pace = Pace(PER_SECOND, PER_SECOND)

    def tell(
        self, resource: CameraResource, kind: Literal["Normal", "Warning"], reason: str, message: str
    ) -> None:
        """Of a resource, without waiting for it to be written."""
        try:
            self._waiting.put_nowait(_Event(resource, kind, reason, message, self._clock.now_ms()))
        except asyncio.QueueFull:
            log.warning("resource.event_left_out", resource=resource.name, reason=reason)

    async def run(self) -> None:
        """Until cancelled. What does not arrive is not told again."""
        failures = Failures("resource.event_unwritten")
        while True:
            event = await self._waiting.get()
            await self._pace.wait(None)
            try:
                await self._client.create(self._path, _manifest(event))
            except SnowlightError as error:
                failures.tell(error, resource=event.resource.name)
            else:
                failures.succeeded()


def _manifest(event: _Event) -> Document:
    resource = event.resource
    time = format_time(event.time_ms)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": f"{resource.name}.", "namespace": resource.namespace},
        "involvedObject": {
            "apiVersion": GROUP_VERSION,
            "kind": "Camera",
            "name": resource.name,
            "namespace": resource.namespace,
            "uid": resource.uid,
            "resourceVersion": resource.version,
        },
        "type": event.kind,
        "reason": event.reason,
        "message": event.message,
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
        "source": {"component": "snowlight-ingest"},
    }
