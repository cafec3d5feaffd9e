"""What the gateway tells Prometheus."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge


class GatewayMetrics:
    """Requests, live viewing and footage served."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "snowlight_gateway_requests_total",
            "HTTP requests by route and status.",
            ["route", "status"],
            registry=registry,
        )
        self.live_hubs = Gauge(
            "snowlight_gateway_live_hubs",
            "Renditions of cameras watched live by this gateway.",
            registry=registry,
        )
        self.live_viewers = Gauge(
            "snowlight_gateway_live_viewers",
            "Tickets that asked for live pictures lately.",
            registry=registry,
        )
        media = Counter(
            "snowlight_gateway_media_bytes_total", "Bytes of footage sent.", ["kind"], registry=registry
        )
        self.live_bytes = media.labels("live")
        self.archive_bytes = media.labels("archive")
        self.preview_bytes = Counter(
            "snowlight_gateway_preview_read_bytes_total",
            "Bytes of footage read for previews.",
            registry=registry,
        )
        self.key_frames = Counter(
            "snowlight_gateway_key_frames_total", "Key frames decoded for previews.", registry=registry
        )
        sheets = Counter(
            "snowlight_gateway_sheets_total",
            "Scrub sheets by where they came from.",
            ["from"],
            registry=registry,
        )
        self.sheets_made = sheets.labels("made")
        self.sheets_stored = sheets.labels("store")

    def count(self, route: str, status: int) -> None:
        """Count one request to `route`."""
        self.counter(route, status)()

    def counter(self, route: str, status: int) -> Callable[[], None]:
        """Counts one request to `route` each time it is called."""
        return self._requests.labels(route, str(status)).inc
