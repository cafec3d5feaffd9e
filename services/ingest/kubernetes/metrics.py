"""What Prometheus hears of what ingest asks the API server of Kubernetes."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class KubernetesMetrics:
    """Of this process alone."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "snowlight_ingest_kubernetes_requests_total",
            "Requests to the API server of Kubernetes, by method and status; status 0: not answered.",
            ["method", "status"],
            registry=registry,
        )


class AutoscalerMetrics:
    """What the owner of shard 0 decides; nothing changes at the other workers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.replicas = Gauge(
            "snowlight_ingest_replicas_wanted", "Replicas that ingest is to have.", registry=registry
        )
        self.decisions = Counter(
            "snowlight_ingest_autoscaler_decisions_total",
            "What was decided: up, drain, down, keep.",
            ["decision"],
            registry=registry,
        )
        self.errors = Counter(
            "snowlight_ingest_autoscaler_errors_total",
            "Looks that failed, by the reason that the API server or the database gave.",
            ["reason"],
            registry=registry,
        )
