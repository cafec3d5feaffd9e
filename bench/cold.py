"""A cold start: how long until all cameras are recorded, and what the event loop suffers on the way."""

import asyncio
import time
from dataclasses import dataclass

from bench.recorder import Recorder
from bench.scrape import Samples, online, scrape
from bench.sender import camera_urls

_PATIENCE_S = 180.0
_LOOK_S = 0.5  # each look costs the process some milliseconds
_STALLS = "snowlight_event_loop_stall_seconds"


@dataclass(frozen=True)
class ColdStart:
    """Seconds; of times from the start of the process."""

    cameras: int
    recorded: int
    first_s: float
    last_s: float
    stall_p99_s: float
    stall_most_s: float
    """The bounds of the histogram that 99 of 100 and all stalls stay within."""
    stalls_over_100_ms: int
    lost: int
    """RTP packets."""
    disconnects: int

    def __str__(self) -> str:
        return (
            f"{self.recorded} of {self.cameras} cameras recorded: "
            f"the first after {self.first_s:.1f} s, the last after {self.last_s:.1f} s\n"
            f"event-loop stalls: 99 % within {1000 * self.stall_p99_s:g} ms, all "
            f"within {1000 * self.stall_most_s:g} ms, {self.stalls_over_100_ms} over 100 ms\n"
            f"{self.lost} packets lost, {self.disconnects} disconnects"
        )


def measure_cold(recorder: Recorder, port: int, cameras: int, seconds: float, *, audio: bool) -> ColdStart:
    """Start ingest with so many cameras, at twenty sites, and look on for `seconds` after the last came."""
    urls = camera_urls(port, cameras)
    with recorder.running_storage():
        with recorder.running_ingest(sessions_per_second="0.001"):  # they are to be registered, no more
            asyncio.run(recorder.register(urls, audio=audio))
        began = time.monotonic()
        with recorder.running_ingest():
            first_s, last_s = _await_all(recorder, cameras, began)
            time.sleep(seconds)
            samples = scrape(recorder.admin)
    total = samples[f"{_STALLS}_count", ""]
    return ColdStart(
        cameras,
        round(online(samples)),
        first_s,
        last_s,
        _bound(samples, 0.99 * total),
        _bound(samples, total),
        round(total - samples[f"{_STALLS}_bucket", "0.1"]),
        round(samples["snowlight_ingest_packets_lost_total", ""]),
        round(samples["snowlight_ingest_disconnects_total", ""]),
    )


def _await_all(recorder: Recorder, cameras: int, began: float) -> tuple[float, float]:
    """When the first and the last camera's first fragment had come. Raises TimeoutError."""
    first_s: float | None = None
    while (after_s := time.monotonic() - began) < _PATIENCE_S:
        recorded = online(scrape(recorder.admin))
        if recorded and first_s is None:
            first_s = after_s
        if first_s is not None and recorded == cameras:
            return first_s, after_s
        time.sleep(_LOOK_S)
    raise TimeoutError(f"{recorded:.0f} of {cameras} cameras are recorded after {_PATIENCE_S:g} s")


def _bound(samples: Samples, count: float) -> float:
    """The least bound below which so many stalls stay, seconds."""
    buckets = (
        (float(label), below) for (name, label), below in samples.items() if name == f"{_STALLS}_bucket"
    )
    return min(bound for bound, below in buckets if below >= count)
