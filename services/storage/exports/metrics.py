"""How exports go."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.storage.exports.export import Export


class ExportMetrics:
    """What the process that carries exports out tells of them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        ended = Counter(
            "snowlight_storage_exports_ended",
            "Exports that were carried out, or could not be.",
            ["state"],
            registry=registry,
        )
        self.succeeded, self.failed = ended.labels("succeeded"), ended.labels("failed")
        self._open = Gauge(
            "snowlight_storage_exports_open",
            "Exports that are not done, of windows that are over.",
            registry=registry,
        )
        self._oldest = Gauge(
            "snowlight_storage_exports_oldest_seconds",
            "Since when the one of them waits that waits longest, UTC; 0: there is none.",
            registry=registry,
        )

    def show(self, waiting: Sequence[Export]) -> None:
        """These are to be carried out."""
        self._open.set(len(waiting))
        since = (max(export.create_ms, export.end_ms) / 1000 for export in waiting)
        self._oldest.set(min(since, default=0))

    def forget(self) -> None:
        """Another process carries them out."""
        self.show(())
