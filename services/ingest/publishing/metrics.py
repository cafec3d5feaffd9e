"""What Prometheus hears of cameras that publish."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge


class PublishingMetrics:
    """Of all cameras that connect to this process, whichever worker has them."""

    def __init__(self, registry: CollectorRegistry, publishers: Callable[[], int]) -> None:
        """`publishers`: how many there are now."""
        Gauge(
            "snowlight_ingest_publishers",
            "Connections of cameras that have shown their key and publish here.",
            registry=registry,
        ).set_function(publishers)
        self.refused = Counter(
            "snowlight_ingest_publish_refused_total",
            "Connections that may not publish, by reason.",
            ["reason"],
            registry=registry,
        )
