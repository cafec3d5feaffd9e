"""What Prometheus hears of cameras that publish."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class PublishingMetrics:
    """Of all cameras that connect to this process, whichever worker has them: each counts at one worker."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.publishers = Gauge(
            "snowlight_ingest_publishers",
            "Connections of cameras that have shown their key here and have not ended.",
            registry=registry,
        )
        self.refused = Counter(
            "snowlight_ingest_publish_refused_total",
            "Connections that may not publish, by reason.",
            ["reason"],
            registry=registry,
        )
