"""What recording counts."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class RecordingMetrics:
    """Prometheus metrics of spool and upload."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.spooled = Counter("snowlight_spool_bytes", "Bytes appended to the spool.", registry=registry)
        self.files = Gauge("snowlight_spool_files", "Files in the spool.", registry=registry)
        self.level = Gauge("snowlight_spool_level", "How full the spool is, 0 to 1.", registry=registry)
        self.shed = Counter(
            "snowlight_spool_shed",
            "Times a camera's recording paused for want of room, by camera class.",
            ["camera_class"],
            registry=registry,
        )
        self.given_up = Counter(
            "snowlight_spool_given_up", "Files deleted unsent, as too old.", registry=registry
        )
        self.sync_seconds = Histogram(
            "snowlight_spool_sync_seconds",
            "Duration of a sync round.",
            buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=registry,
        )
        self.sync_failures = Counter(
            "snowlight_spool_sync_failures", "Sync rounds that failed.", registry=registry
        )
        self.put_seconds = Histogram(
            "snowlight_put_seconds",
            "Duration of the PUT of an object.",
            buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
            registry=registry,
        )
        self.put_bytes = Counter("snowlight_put_bytes", "Bytes of objects put.", registry=registry)
        self.put_failures = Counter("snowlight_put_failures", "PUTs that failed.", registry=registry)
        self.upload_limit = Gauge(
            "snowlight_upload_limit", "PUTs that may run at a time, by store.", ["store"], registry=registry
        )
        self.waiting = Gauge(
            "snowlight_upload_waiting",
            "Files that wait for their PUT, by store.",
            ["store"],
            registry=registry,
        )
        self.commits = Counter(
            "snowlight_commits", "Objects committed, by outcome.", ["outcome"], registry=registry
        )
        self.commit_failures = Counter(
            "snowlight_commit_failures", "Commit calls that failed.", registry=registry
        )
