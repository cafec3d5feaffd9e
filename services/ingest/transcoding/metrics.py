"""What transcoding counts."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class TranscodingMetrics:
    """Prometheus metrics of the pool."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.running = Gauge(
            "snowlight_transcodes", "Transcodes that are open, by rung.", ["rung"], registry=registry
        )
        self.cores = Gauge(
            "snowlight_transcode_cores",
            "Cores that open transcodes are estimated to take.",
            registry=registry,
        )
        self.refused = Counter(
            "snowlight_transcodes_refused", "Transcodes refused for want of cores.", registry=registry
        )
        self.failed = Counter(
            "snowlight_transcodes_failed", "Transcodes that broke off, by error.", ["code"], registry=registry
        )
        self.dropped = Counter(
            "snowlight_transcode_fragments_dropped",
            "Fragments not transcoded because their transcode was behind.",
            registry=registry,
        )
        self.skipped = Counter(
            "snowlight_transcode_fragments_skipped",
            "Fragments of which nothing could be decoded.",
            registry=registry,
        )
