"""What Prometheus hears of renditions."""

from prometheus_client import CollectorRegistry, Gauge


class RenditionMetrics:
    """Of all cameras of this process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.running = Gauge(
            "snowlight_ingest_renditions",
            "Renditions beside the main ones that run, by name.",
            ["rendition"],
            registry=registry,
        )
