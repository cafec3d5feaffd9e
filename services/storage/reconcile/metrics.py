"""What the reconciler found."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class ReconcileMetrics:
    """Counters of what was compared and what became of it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.days = Counter(
            "snowlight_storage_days_reconciled",
            "Camera-days of which bucket and index were compared.",
            registry=registry,
        )
        self.lost = Counter(
            "snowlight_storage_objects_lost", "Rows whose object was gone or cut short.", registry=registry
        )
        self.adopted = Counter(
            "snowlight_storage_objects_adopted", "Objects without a row taken in.", registry=registry
        )
        self.set_aside = Counter(
            "snowlight_storage_objects_set_aside",
            "Objects without a row that do not belong into the index.",
            registry=registry,
        )
        self.hashed_bytes = Counter(
            "snowlight_storage_hashed_bytes", "Bytes read to make up missing hashes.", registry=registry
        )
        self.failures = Counter(
            "snowlight_storage_reconcile_failures", "Comparisons cut short by an error.", registry=registry
        )
        self.oldest = Gauge(
            "snowlight_storage_oldest_check_seconds",
            "When the camera-day was last compared that waits longest, UTC.",
            registry=registry,
        )
