"""What a worker tells of its load: rates of a span, and the files that wait as of now."""

from pathlib import Path

from prometheus_client import CollectorRegistry

from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.spool import Spool, SpoolSettings
from services.ingest.shards.load import SPAN_SECONDS, LoadMeter
from tests.unit.media.feed import HandClock


def test_rates_are_of_a_span_and_cameras_are_counted_as_often(tmp_path: Path) -> None:
    clock, counted, used = HandClock(), [7], [1.0]
    spool = Spool(tmp_path, clock, SpoolSettings(), RecordingMetrics(CollectorRegistry()))
    meter = LoadMeter(spool, lambda: counted[0], clock, lambda: used[0])
    spool.appended(1_000_000)
    counted[0], used[0] = 9, 1.0 + SPAN_SECONDS / 2
    early = meter.load()
    assert (early.cameras, early.bits_per_second, early.cores) == (7, 0, 0.0)
    clock.ms += SPAN_SECONDS * 1000
    late = meter.load()
    assert (late.cameras, late.bits_per_second, late.cores) == (9, round(8_000_000 / SPAN_SECONDS), 0.5)
    assert late.spool_files == 0
