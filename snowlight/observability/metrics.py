"""Metrics every service has. The registry is a parameter; nothing registers globally."""

from prometheus_client import CollectorRegistry, Histogram


class RpcMetrics:
    """Duration of gRPC calls by method and status code."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.seconds = Histogram(
            "snowlight_rpc_seconds",
            "Duration of gRPC calls served, seconds.",
            ["method", "code"],
            buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0),
            registry=registry,
        )
