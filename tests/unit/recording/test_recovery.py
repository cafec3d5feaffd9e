"""However a spool file was torn, its whole fragments are kept and nothing is deleted."""

import io
import os
from collections.abc import Sequence
from pathlib import Path

import av
import pytest
from prometheus_client import CollectorRegistry

from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.recorder import Recorder
from services.ingest.recording.recovery import recover
from services.ingest.recording.spool import Spool, SpoolSettings
from services.ingest.recording.spool_file import SpoolFile, SpoolName
from services.ingest.status.gaps import Gap
from snowlight.errors import UnavailableError
from snowlight.media import boxes
from tests.unit.media.feed import START_MS, Feed, HandClock, MuxSession
from tests.unit.media.samples import clip, sound


class Rows:
    """Stands where rows of the ledger are put on record."""

    def __init__(self) -> None:
        self.kept: list[Gap] = []

    async def record(self, gaps: Sequence[Gap]) -> None:
        self.kept += gaps


@pytest.fixture
def rows() -> Rows:
    return Rows()


def open_spool(folder: Path) -> Spool:
    return Spool(folder, HandClock(), SpoolSettings(), RecordingMetrics(CollectorRegistry()))


@pytest.fixture(scope="module")
def session() -> MuxSession:
    feed = Feed()
    feed.stream.on_tracks(clip().video, None)
    feed.play(clip())
    feed.stream.finish()
    return feed.session


@pytest.fixture
def whole(tmp_path: Path, session: MuxSession) -> SpoolFile:
    """A finished file of 4 s."""
    spool = open_spool(tmp_path / "before")
    recorder = Recorder(spool, "camera-1", 7, 3, lambda uid: False)
    for fragment in session.fragments:
        assert recorder.append(session.init, fragment)
    recorder.close()
    (file,) = spool.list_spool("camera-1", START_MS, START_MS + 4000)
    return file


def torn_at(folder: Path, whole: SpoolFile, length: int) -> Path:
    folder.mkdir()
    path = folder / whole.path.name
    path.write_bytes(whole.path.read_bytes()[:length])
    return path


@pytest.mark.parametrize("finished", [True, False])
async def test_audio_alone_between_pictures_is_recorded_and_recovered(
    tmp_path: Path, rows: Rows, finished: bool
) -> None:
    """As a camera of one picture a second has it."""
    pictures, tone = clip(seconds=0.4, gop=2), sound("aac", seconds=10, rate=16000)
    feed = Feed()
    feed.stream.on_tracks(pictures.video, tone.track)
    feed.play(pictures, tone, interval_ms=1000)
    feed.stream.finish()
    spool = open_spool(tmp_path)
    recorder = Recorder(spool, "camera-1", 7, 3, lambda _uid: False)
    for fragment in feed.session.fragments:
        assert recorder.append(feed.session.init, fragment)
    if finished:
        recorder.close()
    (file,) = spool.list_spool("camera-1", START_MS, START_MS + 10_000)

    recovered = await recover(open_spool(tmp_path), rows.record)
    assert recovered.files[0].table() == file.table()
    assert recovered.end_ms == {"camera-1": START_MS + 10_000}


async def test_a_finished_file_is_taken_as_it_is(whole: SpoolFile, rows: Rows) -> None:
    spool = open_spool(whole.path.parent)
    recovered = await recover(spool, rows.record)
    (file,) = recovered.files
    assert (file.key, file.size, file.codecs) == (whole.key, whole.size, whole.codecs)
    assert (file.init_size, file.name.session, file.name.epoch) == (whole.init_size, whole.name.session, 7)
    assert file.table() == whole.table()
    assert recovered.end_ms == {"camera-1": START_MS + 4000}
    assert spool.closed.get_nowait() is file
    assert spool.list_spool("camera-1", START_MS, START_MS + 1) == [file]


async def test_a_tail_torn_anywhere_is_cut_at_the_last_whole_fragment(
    tmp_path: Path, whole: SpoolFile, session: MuxSession, rows: Rows
) -> None:
    ends = [whole.init_size]
    for fragment in session.fragments:
        ends.append(ends[-1] + len(fragment.data))
    lengths: set[int] = {whole.size - 1, whole.size - 16, whole.size - 100, ends[-1]}
    for end in ends[1:4]:  # within prft, moof's header, moof, mdat's header, mdat; and at their borders
        lengths |= {end, end + 1, end + 8, end + 31, end + 32, end + 39, end + 100, end + 400, end + 2000}
        lengths |= {end - 1, end - 500}
    for number, length in enumerate(sorted(lengths)):
        kept = sum(end <= length for end in ends) - 1
        folder = tmp_path / f"torn-{number}"
        torn_at(folder, whole, length)
        recovered = await recover(open_spool(folder), rows.record)
        if kept == 0:
            assert [path.name for path in recovered.set_aside] == [whole.path.name + ".unreadable"]
            continue
        (file,) = recovered.files
        data = file.path.read_bytes()
        assert len(data) == file.size
        assert boxes.scan(data).finished
        assert data[: ends[kept]] == whole.path.read_bytes()[: ends[kept]]
        assert list(file.table().size) == list(whole.table().size)[:kept]
        assert file.end_ms == session.fragments[kept - 1].end_ms
        with av.open(io.BytesIO(data), "r") as container:
            assert sum(1 for _ in container.decode(video=0)) == round(file.duration_ms / 40)


@pytest.mark.parametrize("length", [0, 1, 20, 100, 500])
async def test_without_its_init_section_a_file_is_set_aside_and_kept(
    tmp_path: Path, whole: SpoolFile, rows: Rows, length: int
) -> None:
    path = torn_at(tmp_path / "torn", whole, length)
    recovered = await recover(open_spool(path.parent), rows.record)
    (aside,) = recovered.set_aside
    assert not recovered.files
    assert aside.stat().st_size == length
    assert not (await recover(open_spool(path.parent), rows.record)).set_aside


async def test_zeros_behind_a_power_loss_are_cut(
    tmp_path: Path, whole: SpoolFile, session: MuxSession, rows: Rows
) -> None:
    path = torn_at(tmp_path / "torn", whole, whole.init_size + len(session.fragments[0].data))
    with path.open("ab") as file:
        file.write(bytes(10_000))
    (recovered,) = (await recover(open_spool(path.parent), rows.record)).files
    assert recovered.end_ms == session.fragments[0].end_ms


async def test_another_cameras_init_section_is_not_taken(
    tmp_path: Path, whole: SpoolFile, rows: Rows
) -> None:
    path = torn_at(tmp_path / "torn", whole, whole.size)
    path.rename(path.with_name(path.name.replace(whole.name.init8, "00000000")))
    assert len((await recover(open_spool(path.parent), rows.record)).set_aside) == 1


async def test_an_unreadable_file_is_lost_from_its_name_to_its_last_write(
    tmp_path: Path, whole: SpoolFile, rows: Rows
) -> None:
    path = torn_at(tmp_path / "torn", whole, 100)
    os.utime(path, ns=(0, (START_MS + 42_000) * 1_000_000))
    recovered = await recover(open_spool(path.parent), rows.record)
    assert rows.kept == [Gap("camera-1", START_MS, START_MS + 42_000, "spool_lost")]
    assert recovered.end_ms == {"camera-1": START_MS + 42_000}


async def test_what_another_file_holds_is_not_lost(tmp_path: Path, whole: SpoolFile, rows: Rows) -> None:
    path = torn_at(tmp_path / "torn", whole, whole.size)
    begun = str(SpoolName("camera-1", START_MS - 10_000, 7, 9, 1, whole.name.init8))
    broken = path.with_name(begun)
    broken.write_bytes(b"no footage")
    os.utime(broken, ns=(0, (START_MS + 20_000) * 1_000_000))
    await recover(open_spool(path.parent), rows.record)
    assert rows.kept == [
        Gap("camera-1", START_MS - 10_000, START_MS, "spool_lost"),
        Gap("camera-1", START_MS + 4000, START_MS + 20_000, "spool_lost"),
    ]


async def test_a_clock_that_was_wrong_makes_no_long_loss(
    tmp_path: Path, whole: SpoolFile, rows: Rows
) -> None:
    path = torn_at(tmp_path / "torn", whole, 0)  # written now, which is long before or after its name's time
    await recover(open_spool(path.parent), rows.record)
    (gap,) = rows.kept
    assert gap.end_ms is not None
    assert 0 < gap.end_ms - gap.start_ms <= 90_000


async def test_a_tail_that_is_damaged_far_from_its_end_is_lost_too(
    tmp_path: Path, whole: SpoolFile, session: MuxSession, rows: Rows
) -> None:
    kept = whole.init_size + sum(len(fragment.data) for fragment in session.fragments[:2])
    path = torn_at(tmp_path / "torn", whole, kept)
    with path.open("ab") as file:
        file.write(bytes(50_000))
    os.utime(path, ns=(0, (START_MS + 30_000) * 1_000_000))
    await recover(open_spool(path.parent), rows.record)
    assert rows.kept == [Gap("camera-1", session.fragments[1].end_ms, START_MS + 30_000, "spool_lost")]


async def test_what_the_disk_does_not_give_is_set_aside_with_its_row(
    tmp_path: Path, whole: SpoolFile, rows: Rows
) -> None:
    """A process's memory in the file's place: it opens, and reading it is EIO, as on a broken disk."""
    folder = tmp_path / "torn"
    folder.mkdir()
    path = folder / whole.path.name
    path.symlink_to("/proc/self/mem")
    recovered = await recover(open_spool(folder), rows.record)
    assert [aside.name for aside in recovered.set_aside] == [path.name + ".unreadable"]
    assert [gap.cause for gap in rows.kept] == ["spool_lost"]


async def test_nothing_is_touched_before_its_loss_is_on_record(tmp_path: Path, whole: SpoolFile) -> None:
    path = torn_at(tmp_path / "torn", whole, 100)

    async def refuse(gaps: Sequence[Gap]) -> None:
        raise UnavailableError("database.unavailable", "away")

    with pytest.raises(UnavailableError):
        await recover(open_spool(path.parent), refuse)
    assert path.stat().st_size == 100
