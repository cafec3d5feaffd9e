"""What the door tells Prometheus, beside its calls' own figures (`snowlight_rpc_seconds`)."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class AccessMetrics:
    """Who is let in and who is not."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.refused = Counter(
            "snowlight_access_refused_total",
            "Calls of public-security systems that were refused before they began, by reason.",
            ["reason"],
            registry=registry,
        )
        self.open_calls = Gauge(
            "snowlight_access_open_calls",
            "Calls of public-security systems that are served now; kind stream or unary.",
            ["kind"],
            registry=registry,
        )
