"""What Prometheus hears of cameras as custom resources."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge


class CountResources(Protocol):
    """Counts the resources that are, or are not, as the registry has them."""

    def __call__(self, *, synced: bool) -> int: ...


class CameraResourceMetrics:
    """Zero in workers that do not have the duty."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._resources = Gauge(
            "snowlight_ingest_camera_resources",
            "Camera resources by whether the registry has what they say.",
            ["synced"],
            registry=registry,
        )
        self._waiting = Gauge(
            "snowlight_ingest_camera_resources_waiting",
            "Camera resources that are to be looked at, or to be tried again.",
            registry=registry,
        )
        self.drifts = Counter(
            "snowlight_ingest_camera_resource_drifts",
            "Times that a camera was set back to what its resource says.",
            registry=registry,
        )

    def count(self, resources: CountResources, waiting: Callable[[], int]) -> None:
        """Take the numbers from these, at each scrape."""
        for synced in (True, False):
            counted = partial(resources, synced=synced)
            self._resources.labels(str(synced).lower()).set_function(counted)
        self._waiting.set_function(waiting)
