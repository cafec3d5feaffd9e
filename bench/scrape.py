"""What a process tells of itself on its admin port."""

import time
import urllib.error
import urllib.request
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

Samples = Mapping[tuple[str, str], float]
"""By name and, where there is one, the value of its only label."""

_PATIENCE_S = 180.0
_AGAIN_S = 0.5


def scrape(admin: str) -> Samples:
    """The metrics at `admin`, HOST:PORT, asked for until they are told. Raises TimeoutError."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://{admin}/metrics", timeout=10) as answer:
                text = answer.read().decode()
        except (urllib.error.URLError, TimeoutError):
            time.sleep(_AGAIN_S)
            continue
        return {
            (sample.name, next(iter(sample.labels.values()), "")): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
    raise TimeoutError(f"{admin} does not tell its metrics")


def online(samples: Samples) -> float:
    """How many cameras of an ingest are recorded."""
    return samples["snowlight_ingest_cameras", "online"]
