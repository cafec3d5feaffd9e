"""What Prometheus hears of the cameras."""

from collections.abc import Callable
from functools import partial
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.ingest.observer import GapCause
from snowlight.api.ingest.v1 import camera_pb2


class StatusMetrics:
    """Totals over all cameras of this process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._cameras = Gauge("snowlight_ingest_cameras", "Cameras by state.", ["state"], registry=registry)
        self._gaps = Gauge(
            "snowlight_ingest_open_gaps",
            "Cameras that are not recorded now, by cause.",
            ["cause"],
            registry=registry,
        )
        self._shards = Gauge(
            "snowlight_ingest_shards", "Shards whose cameras this worker has.", registry=registry
        )
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

    def count_gaps(self, count: Callable[[GapCause], int]) -> None:
        """Take the number of cameras with an open gap of a cause from `count`, at each scrape."""
        for cause in get_args(GapCause):
            self._gaps.labels(cause).set_function(partial(count, cause))

    def count_shards(self, count: Callable[[], int]) -> None:
        """Take the number of shards that are this worker's from `count`, at each scrape."""
        self._shards.set_function(count)
