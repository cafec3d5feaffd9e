"""A start looks at what is left over without reading it, so that no backlog delays the recording."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from obstore.store import MemoryStore
from prometheus_client import CollectorRegistry

from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.put import ObjectPut
from services.ingest.recording.recorder import Recorder
from services.ingest.recording.recovery import recover
from services.ingest.recording.spool import Spool, SpoolSettings
from services.ingest.recording.spool_file import SpoolFile
from services.ingest.status.gaps import Gap
from snowlight.api.storage.v1 import stored_pb2
from snowlight.media import boxes
from snowlight.media.fragment import Fragment
from tests.unit.media.feed import START_MS, Feed, HandClock
from tests.unit.media.samples import clip

PICTURES = 1 << 20
"""Bytes that each fragment is made longer by."""


def open_spool(folder: Path) -> Spool:
    return Spool(folder, HandClock(), SpoolSettings(), RecordingMetrics(CollectorRegistry()))


async def no_rows(gaps: Sequence[Gap]) -> None:
    raise AssertionError("nothing is lost")


def large(fragment: Fragment) -> Fragment:
    """With a `mdat` that is longer than its samples."""
    head, *samples = fragment.chunks
    size = int.from_bytes(head[-8:-4], "big") + PICTURES
    chunks = (head[:-8] + size.to_bytes(4, "big") + head[-4:], *samples, bytes(PICTURES))
    return replace(fragment, chunks=chunks)


@pytest.fixture(params=["finished", "unfinished"])
def left(request: pytest.FixtureRequest, tmp_path: Path) -> SpoolFile:
    """A file of some 10 MB, the second fragment of which has lost packets."""
    feed = Feed()
    feed.stream.on_tracks(clip().video, None)
    feed.play(clip())
    feed.stream.finish()
    spool = open_spool(tmp_path)
    recorder = Recorder(spool, "camera-1", 7, 3, lambda _uid: False)
    for number, fragment in enumerate(feed.session.fragments):
        assert recorder.append(feed.session.init, replace(large(fragment), lossy=number == 1))
    if request.param == "finished":
        recorder.close()
    (file,) = spool.list_spool("camera-1", START_MS, START_MS + 4000)
    return file


def bytes_read() -> int:
    """By this process, from files or elsewhere, since it began."""
    lines = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(lines["rchar"])


async def test_a_file_is_known_without_reading_its_pictures(left: SpoolFile) -> None:
    before = bytes_read()
    (file,) = (await recover(open_spool(left.path.parent), no_rows)).files
    assert bytes_read() - before < 100_000 < left.size / 50
    assert (file.end_ms, file.init_size, file.codecs) == (left.end_ms, left.init_size, left.codecs)
    assert list(file.table().size) == list(left.table().size)
    assert file.closed
    assert file.size == left.path.stat().st_size
    assert boxes.scan(left.path.read_bytes()).finished
    if left.closed:
        assert file.table() == left.table()  # with what only its end tells: which fragments have losses


def damaged(data: bytes, change: dict[str, Any]) -> bytes:
    """The file with another table at its end."""
    size = boxes.mfra_size(data[-16:])
    footer = stored_pb2.SegmentFooter.FromString(boxes.parse_mfra_table(data[-size:]))
    fields = {field.name: value for field, value in footer.ListFields()} | change
    return data[:-size] + boxes.build_mfra([], stored_pb2.SegmentFooter(**fields).SerializeToString())


@pytest.mark.parametrize("left", ["finished"], indirect=True)
@pytest.mark.parametrize(
    "change",
    [
        {"duration_ms": [500] * 7 + [4_000_000_000]},
        {"duration_ms": [400] * 8},
        {"duration_ms": [500] * 7},
        {"size": [1 << 20] * 8},
        {"flags": [9] * 8},
        {"session": 1},
        {"codecs": "avc1.ffffff"},
        {"init_size": 8},
    ],
)
async def test_a_table_that_is_not_of_the_file_is_made_again(left: SpoolFile, change: dict[str, Any]) -> None:
    data = damaged(left.path.read_bytes(), change)
    left.path.write_bytes(data)
    (file,) = (await recover(open_spool(left.path.parent), no_rows)).files
    assert list(file.table().duration_ms) == list(left.table().duration_ms)
    assert list(file.table().size) == list(left.table().size)
    data = left.path.read_bytes()
    size = boxes.mfra_size(data[-16:])
    table = stored_pb2.SegmentFooter.FromString(boxes.parse_mfra_table(data[-size:]))
    assert (table.session, table.codecs) == (left.name.session, left.codecs)
    assert list(table.duration_ms) == list(left.table().duration_ms)
    assert boxes.init_size(data) + sum(table.size) + size == len(data) == file.size


@pytest.mark.parametrize("left", ["finished"], indirect=True)
async def test_what_the_disk_does_not_give_is_an_error_at_its_upload(left: SpoolFile) -> None:
    """A process's memory in the file's place: it opens, and reading it is EIO, as on a broken disk."""
    (file,) = (await recover(open_spool(left.path.parent), no_rows)).files
    file.path.unlink()
    file.path.symlink_to("/proc/self/mem")
    with pytest.raises(OSError, match="Input/output error"):
        await ObjectPut(MemoryStore(), 5.0, 1).put(file)
    assert file.refused
