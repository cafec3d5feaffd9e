"""Whether the audit's chain goes on, and is what it was."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class AuditMetrics:
    """Of this process. One of several that goes on is enough: any of them links and seals for all."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.linked = Gauge(
            "snowlight_auth_audit_linked_seconds",
            "When no record of the audit waited for its chain last, UTC; 0: not since the start.",
            registry=registry,
        )
        self.sealed = Gauge(
            "snowlight_auth_audit_sealed_seconds",
            "End of the last day up to which all of the audit is sealed, UTC; 0: not known yet.",
            registry=registry,
        )
        self.broken = Counter(
            "snowlight_auth_audit_broken",
            "Times that the end of a chain, or the head of a day, was not what was written.",
            registry=registry,
        )
