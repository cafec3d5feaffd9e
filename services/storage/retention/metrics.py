"""What sweeps did."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class SweepMetrics:
    """Counters and gauges of the sweeper."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, what: str) -> Counter:
            return Counter(f"snowlight_storage_{name}", what, registry=registry)

        def gauge(name: str, what: str) -> Gauge:
            return Gauge(f"snowlight_storage_{name}", what, registry=registry)

        self.buried = counter("segments_buried", "Expired segments given a tombstone, packed ones aside.")
        self.dropped_bytes = counter("dropped_bytes", "Bytes buried early because their store ran full.")
        self.deleted = counter("segments_deleted", "Segments whose object and row were deleted.")
        self.deleted_bytes = counter("deleted_bytes", "Bytes of objects deleted.")
        self.failures = counter("sweep_failures", "Sweeps cut short, of all stores or of one, by an error.")
        self.kept = gauge("undeletable_segments", "Segments whose object the last sweep could not delete.")
        self.unread_days = gauge(
            "unreadable_days", "Expired packed days whose index object the last sweep could not read."
        )
        self.finished = gauge("last_sweep_seconds", "End of the last whole sweep, UTC.")

    def forget(self) -> None:
        """Another process sweeps. When this one has finished its last stays true."""
        self.kept.set(0)
        self.unread_days.set(0)
