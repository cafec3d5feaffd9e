"""What Prometheus hears of what ingest asks the API server of Kubernetes."""

from prometheus_client import CollectorRegistry, Counter


class KubernetesMetrics:
    """Of this process alone."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "snowlight_ingest_kubernetes_requests_total",
            "Requests to the API server of Kubernetes, by method and status; status 0: not answered.",
            ["method", "status"],
            registry=registry,
        )
