"""The `mfra` at the end of a minute leads to its key frames (ISO/IEC 14496-12, 8.8.9)."""

import struct
from pathlib import Path

from prometheus_client import CollectorRegistry

from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.recorder import Recorder
from services.ingest.recording.spool import Spool, SpoolSettings
from snowlight.media import boxes
from tests.unit.media.feed import START_MS, Feed, HandClock
from tests.unit.media.samples import clip


def test_each_key_frame_is_found_by_its_time_and_place(tmp_path: Path) -> None:
    feed = Feed()
    feed.stream.on_tracks(clip().video, None)
    feed.play(clip())
    feed.stream.finish()
    spool = Spool(tmp_path, HandClock(), SpoolSettings(), RecordingMetrics(CollectorRegistry()))
    recorder = Recorder(spool, "camera-1", 7, 3, lambda _uid: False)
    for fragment in feed.session.fragments:
        assert recorder.append(feed.session.init, fragment)
    recorder.close()
    (file,) = spool.list_spool("camera-1", START_MS, START_MS + 4000)
    data = file.path.read_bytes()
    found = [
        (fragment.movie.decode_time, fragment.offset + boxes.PRFT_SIZE)
        for fragment in boxes.scan(data).fragments
        if fragment.movie.independent
    ]
    assert random_access(data) == found
    assert len(found) > 1
    assert found[-1][0]


def random_access(data: bytes) -> list[tuple[int, int]]:
    """Time and offset of the `moof` of each entry of `tfra`."""
    end = len(data)
    ((_, content, mfra_end),) = boxes.iterate(data[end - boxes.mfra_size(data[-16:]) :])
    mfra = data[end - mfra_end :]
    kind, at, _ = next(iter(boxes.iterate(mfra, content, mfra_end)))
    assert kind == b"tfra"
    (count,) = struct.unpack_from(">I", mfra, at + 12)
    entries = struct.iter_unpack(">QQ3x", mfra[at + 16 : at + 16 + 19 * count])
    return [(time, offset) for time, offset in entries]
