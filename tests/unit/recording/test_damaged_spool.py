"""Whatever a disk did to a spool file, ingest starts, and its time is footage or has a row of the ledger."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest
from prometheus_client import CollectorRegistry

from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.recorder import Recorder
from services.ingest.recording.recovery import recover
from services.ingest.recording.spool import Spool, SpoolSettings
from services.ingest.recording.spool_file import SpoolFile
from services.ingest.status.gaps import Gap
from snowlight.media import boxes
from tests.unit.media.feed import START_MS, Feed, HandClock
from tests.unit.media.samples import clip

SECONDS = 12
END_MS = START_MS + SECONDS * 1000
TORN_MS = 3000
"""A shorter end is missing by the restart itself."""


class Rows:
    """Stands where rows of the ledger are put on record."""

    def __init__(self) -> None:
        self.kept: list[Gap] = []

    async def record(self, gaps: Sequence[Gap]) -> None:
        self.kept += gaps


def open_spool(folder: Path) -> Spool:
    return Spool(folder, HandClock(), SpoolSettings(), RecordingMetrics(CollectorRegistry()))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> SpoolFile:
    """A finished file."""
    feed, played = Feed(), clip(size=(64, 48))
    feed.stream.on_tracks(played.video, None)
    for turn in range(SECONDS // 4):
        feed.play(played, pts=turn * 4 * 90_000)
    feed.stream.finish()
    spool = open_spool(tmp_path_factory.mktemp("whole"))
    recorder = Recorder(spool, "camera", 7, 3, lambda _uid: False)
    for fragment in feed.session.fragments:
        assert recorder.append(feed.session.init, fragment)
    recorder.close()
    (file,) = spool.list_spool("camera", START_MS, END_MS)
    assert file.end_ms == END_MS
    return file


def tables(data: bytes) -> list[int]:
    """Where the file's bytes are no pictures, as far as one fragment differs from another."""
    found = boxes.scan(data)
    places = list(range(found.init_size))
    for fragment in (*found.fragments[:2], *found.fragments[10:12], *found.fragments[-2:]):
        _, _, moof = next(boxes.iterate(data, fragment.offset + 32))
        places += range(fragment.offset, moof + 8)
    return [*places, *range(found.end, len(data))]


def damaged(data: bytes) -> Iterator[bytes]:
    """At each place one bit is turned over, or all eight."""
    random = Random(4)
    for place in tables(data):
        change = random.choice((1, 2, 4, 8, 16, 32, 64, 128, 0xFF))
        yield data[:place] + bytes((data[place] ^ change,)) + data[place + 1 :]


def leave(folder: Path, whole: SpoolFile, uid: str, data: bytes) -> Path:
    """The file as a camera's own, written last when its footage ended."""
    path = folder / whole.path.name.replace("camera.", f"{uid}.")
    path.write_bytes(data)
    os.utime(path, ns=(0, END_MS * 1_000_000))
    return path


@pytest.mark.parametrize("finished", [True, False])
async def test_no_bit_of_a_file_keeps_ingest_from_starting(
    tmp_path: Path, whole: SpoolFile, finished: bool
) -> None:
    data = whole.path.read_bytes()
    end = len(data) if finished else boxes.scan(data).end
    files = list(damaged(data[:end]))
    for number in range(0, len(files), 400):
        batch = files[number : number + 400]
        folder = tmp_path / str(number)
        folder.mkdir()
        rows = Rows()
        for camera, content in enumerate(batch):
            leave(folder, whole, f"camera-{camera}", content)
        recovered = await recover(open_spool(folder), rows.record)
        for camera in range(len(batch)):
            uid = f"camera-{camera}"
            known = [(file.start_ms, file.end_ms) for file in recovered.files if file.name.uid == uid]
            known += [(row.start_ms, row.end_ms or 0) for row in rows.kept if row.uid == uid]
            until_ms = START_MS
            for start_ms, end_ms in sorted(known):
                assert start_ms == until_ms, (number, uid)
                until_ms = end_ms
            assert recovered.end_ms[uid] == until_ms
            assert END_MS - TORN_MS <= until_ms <= START_MS + 90_000, (number, uid)
        for file in recovered.files:
            assert file.path.stat().st_size == file.size
            assert file.duration_ms > 0
            assert max(file.table().duration_ms) <= boxes.LONGEST_FRAGMENT_MS


def moved(data: bytes, fragments: slice, ms: int) -> bytes:
    """The capture times of some fragments are off by `ms`."""
    for fragment in boxes.scan(data).fragments[fragments]:
        at = fragment.offset
        data = data[:at] + boxes.build_prft(fragment.start_ms + ms, 0) + data[at + 32 :]
    return data


@pytest.mark.parametrize("ms", [-3_600_000, -600, 5_000, 86_400_000])
async def test_a_fragment_out_of_its_time_ends_what_is_whole(
    tmp_path: Path, whole: SpoolFile, ms: int
) -> None:
    data = whole.path.read_bytes()
    end = boxes.scan(data).end
    path = leave(tmp_path, whole, "camera-1", moved(data[:end], slice(8, 9), ms))
    rows = Rows()
    (file,) = (await recover(open_spool(tmp_path), rows.record)).files
    assert list(file.table().duration_ms) == list(whole.table().duration_ms)[:8]
    assert rows.kept == [Gap("camera-1", file.end_ms, END_MS, "spool_lost")]
    assert boxes.scan(path.read_bytes()).finished


async def test_what_is_cut_off_an_older_file_has_a_row_however_short(
    tmp_path: Path, whole: SpoolFile
) -> None:
    """Behind the newest one a gap begins anyway; behind this one footage goes on."""
    data = whole.path.read_bytes()
    later = leave(tmp_path, whole, "camera-1", moved(data, slice(None), SECONDS * 1000))
    later.rename(later.with_name(later.name.replace(str(START_MS), str(END_MS))))
    leave(tmp_path, whole, "camera-1", moved(data[: boxes.scan(data).end], slice(-2, -1), -60_000))
    rows = Rows()
    recovered = await recover(open_spool(tmp_path), rows.record)
    before = recovered.files[0]
    assert rows.kept == [Gap("camera-1", before.end_ms, END_MS, "spool_lost")]


async def test_a_name_of_no_time_that_can_be_is_none_of_ours(tmp_path: Path, whole: SpoolFile) -> None:
    path = tmp_path / whole.path.name.replace(str(START_MS), "9" * 30)
    path.write_bytes(whole.path.read_bytes())
    rows = Rows()
    recovered = await recover(open_spool(tmp_path), rows.record)
    assert recovered.set_aside == [path.with_name(path.name + ".unreadable")]
    assert rows.kept == []
