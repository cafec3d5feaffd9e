"""What Prometheus hears of the cameras' streams: how they are spread, and no camera by its name."""

from prometheus_client import CollectorRegistry, Histogram

from services.ingest.health.stream_health import StreamHealth


class HealthMetrics:
    """One observation a camera and minute."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._bit_rate = Histogram(
            "snowlight_ingest_camera_bits_per_second",
            "Bit rates of cameras, once a camera and minute.",
            buckets=(250e3, 500e3, 1e6, 2e6, 3e6, 4e6, 6e6, 8e6, 16e6),
            registry=registry,
        )
        self._frame_rate = Histogram(
            "snowlight_ingest_camera_frames_per_second",
            "Frame rates of cameras, once a camera and minute.",
            buckets=(1, 5, 10, 12.5, 15, 20, 24, 25.5, 30.5, 60),
            registry=registry,
        )
        self._loss = Histogram(
            "snowlight_ingest_camera_loss_ratio",
            "RTP packets lost of those expected, once a camera and minute.",
            buckets=(0, 0.0001, 0.001, 0.01, 0.05, 0.2),
            registry=registry,
        )
        self._jitter = Histogram(
            "snowlight_ingest_camera_jitter_seconds",
            "Interarrival jitter of cameras, once a camera and minute.",
            buckets=(0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5),
            registry=registry,
        )

    def observe(self, health: StreamHealth) -> None:
        """A camera's minute."""
        self._bit_rate.observe(health.bits_per_second)
        self._frame_rate.observe(health.frames_per_second)
        if health.loss is not None:
            self._loss.observe(health.loss)
        if health.jitter_ms is not None:
            self._jitter.observe(health.jitter_ms / 1000)
