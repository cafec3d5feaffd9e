"""What Prometheus hears of the cameras."""

from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge

from snowlight.api.ingest.v1 import camera_pb2


class StatusMetrics:
    """Totals over all cameras of this process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._cameras = Gauge("snowlight_ingest_cameras", "Cameras by state.", ["state"], registry=registry)
        self.disconnects = Counter(
            "snowlight_ingest_disconnects", "Times a camera that was online went away.", registry=registry
        )
        self.discontinuities = Counter(
            "snowlight_ingest_discontinuities",
            "Times a new mux session began within one connection.",
            registry=registry,
        )
        self.packets_lost = Counter(
            "snowlight_ingest_packets_lost", "RTP packets that never came.", registry=registry
        )

    def count_states(self, count: Callable[[int], int]) -> None:
        """Take the number of cameras in a state from `count`, at each scrape."""
        for state in (
            camera_pb2.CONNECTING,
            camera_pb2.ONLINE,
            camera_pb2.OFFLINE,
            camera_pb2.DISABLED,
        ):
            name = camera_pb2.CameraState.Name(state).lower()
            self._cameras.labels(name).set_function(partial(count, state))
