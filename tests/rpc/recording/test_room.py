"""As the spool fills, recording stops camera by camera, and what stops is accounted for."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from services.ingest.recording.aging import Aging
from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.recorder import Recorder
from services.ingest.recording.space import level_of, marks_of
from services.ingest.recording.spool import Spool, SpoolSettings
from services.ingest.status.gaps import Gap
from snowlight.errors import UnavailableError
from snowlight.media.fragment import Fragment
from tests.parts.disk import small_disk
from tests.parts.part import PartMissingError
from tests.rpc.recording.replay import UID, Replay, Worker, running, until
from tests.rpc.recording.spooled import Minutes, session
from tests.unit.media.feed import START_MS, HandClock
from tests.unit.media.samples import clip

CAMERAS = {f"camera-{number}": 1 + number % 3 for number in range(60)}
"""Class by uid."""


def mark(uid: str) -> float:
    """The level at which a camera stops."""
    return marks_of(uid, CAMERAS[uid]).stop


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Eight megabytes."""
    try:
        with small_disk(tmp_path / "disk", 8 << 20) as folder:
            yield folder
    except PartMissingError as error:
        pytest.skip(str(error))


class Town:
    """Cameras that record round by round, as long as the spool lets them."""

    def __init__(self, folder: Path, settings: SpoolSettings) -> None:
        self.store_out = False
        metrics = RecordingMetrics(CollectorRegistry())
        self.spool = Spool(folder, HandClock(), settings, metrics)
        self.recorders = {
            uid: Recorder(self.spool, uid, 1, number, lambda uid: self.store_out)
            for uid, number in CAMERAS.items()
        }
        self.round = 0

    async def record(self) -> set[str]:
        """One fragment a camera, and a sync round. Returns who recorded."""
        made = session()
        first = made.fragments[0]
        start_ms = first.start_ms + 500 * self.round
        fragment = Fragment(first.segment, 0, start_ms, 500, True, False, first.chunks)
        recording = {uid for uid, each in self.recorders.items() if each.append(made.init, fragment)}
        self.round += 1
        await self.spool._sync_round()
        return recording


async def test_the_least_important_stop_first_and_go_on_last(tmp_path: Path) -> None:
    fragment = len(session().fragments[0].data)
    town = Town(tmp_path / "spool", SpoolSettings(capacity_bytes=fragment * 3000, reserve_bytes=0))
    stopped: list[str] = []
    while len(stopped) < len(CAMERAS):
        recording = await town.record()
        stopped += sorted(
            set(CAMERAS) - recording - set(stopped), key=lambda uid: marks_of(uid, CAMERAS[uid]).stop
        )
        assert town.round < 500
    classes = [CAMERAS[uid] for uid in stopped]
    assert classes == [3] * 20 + [2] * 20 + [1] * 20
    assert sum(each.stat().st_size for each in (tmp_path / "spool").iterdir()) <= fragment * 3000 * 1.05

    again: list[int] = []
    recording = set()
    for file in sorted(town.spool.files(), key=lambda file: file.start_ms):
        town.spool.remove(file)
        begun = await town.record() - recording
        again += [CAMERAS[uid] for uid in begun]
        recording |= begun
        if len(recording) == len(CAMERAS):
            break
    assert set(again[:10]) == {1}
    assert again.index(2) < again.index(3)


async def test_a_camera_does_not_flutter_about_its_mark(tmp_path: Path) -> None:
    fragment = len(session().fragments[0].data)
    town = Town(tmp_path / "spool", SpoolSettings(capacity_bytes=fragment * 3000, reserve_bytes=0))
    while len(recording := await town.record()) > 30:
        pass
    closed = [file for file in town.spool.files() if file.closed]
    full = town.spool.level
    for file in closed[:2]:
        town.spool.remove(file)
    assert await town.record() <= recording
    assert full - 0.04 < town.spool.level < full
    for file in closed[2:]:
        town.spool.remove(file)
    await town.record()
    assert await town.record() == set(CAMERAS)


@pytest.mark.parametrize(("out", "cause"), [(True, "store_outage"), (False, "spool_full")])
async def test_the_cause_is_the_store_where_that_takes_nothing(tmp_path: Path, out: bool, cause: str) -> None:
    town = Town(tmp_path / "spool", SpoolSettings(capacity_bytes=100_000, reserve_bytes=0))
    town.store_out = out
    while await town.record():
        pass
    town.store_out = not out  # what holds is why it stopped
    await town.record()
    assert {recorder.refusal for recorder in town.recorders.values()} == {cause}


def test_a_disk_that_others_fill_counts_as_full_before_the_reserve_is_touched() -> None:
    mega = 1 << 20
    assert level_of(0, 10_000 * mega, 0, 256 * mega) == 0
    assert level_of(0, 0, 0, 256 * mega) == 1
    assert level_of(mega, mega, 0, 256 * mega) > 0.99
    assert level_of(800 * mega, 200 * mega, 0, 256 * mega) == pytest.approx(0.8)
    assert level_of(90, 10_000, 100, 10) == pytest.approx(0.9)


async def test_a_full_disk_ends_no_session_and_every_second_is_recorded_or_accounted_for(
    disk: Path,
) -> None:
    """A real ENOSPC: no reserve keeps the spool from the disk's last byte."""
    clock = HandClock()
    worker = Worker(disk / "worker", clock)
    worker.spool.settings = SpoolSettings(sync_interval_s=0.01, reserve_bytes=0)
    worker.store_out = True
    filler = disk / "filler"

    async def each_second(second: int) -> None:
        if second == 5:
            with filler.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(4096))
        if second == 9:
            filler.unlink()
            await until(lambda: worker.spool.level < 0.5)
        await asyncio.sleep(0.03)

    recording = worker.session([Replay(clock, clip(), 14, each_second=each_second)])
    async with worker.spool.running(), running(recording):
        await until(lambda: clock.ms >= START_MS + 14_000)
        assert worker.ring.live
    files = worker.spool.list_spool(UID, 0, START_MS * 2)
    assert len(files) == 2
    assert worker.told.gaps == [
        ("end", START_MS, ""),
        ("start", files[0].end_ms, "store_outage"),
        ("end", files[1].start_ms, ""),
    ]
    assert files[0].path.stat().st_size == files[0].size
    assert files[1].end_ms == START_MS + 14_000


class Book:
    """Where rows go; refuses while `away`."""

    def __init__(self) -> None:
        self.rows: list[Gap] = []
        self.away = False

    async def record(self, gaps: Sequence[Gap]) -> None:
        if self.away:
            raise UnavailableError("database.unavailable", "away")
        self.rows += gaps


async def test_what_is_too_old_and_cannot_be_uploaded_is_given_up_with_its_row(tmp_path: Path) -> None:
    minutes = Minutes(tmp_path / "spool", {})
    old, young = minutes.seal(UID, 0), minutes.seal(UID, 60)
    clock = HandClock(young.end_ms + 30_000)
    book = Book()
    out, right = False, True
    aging = Aging(
        minutes.spool,
        clock,
        longest_hours=0.5,
        is_store_out=lambda uid: out,
        is_clock_right=lambda: right,
        record=book.record,
    )
    assert not await aging.round()  # the store takes it: its turn will come
    out, right = True, False
    assert not await aging.round()  # how old it is cannot be told
    right, book.away = True, True
    with pytest.raises(UnavailableError):
        await aging.round()
    assert old.path.exists()  # no file goes before its row
    book.away = False
    assert await aging.round() == 1
    assert book.rows == [Gap(UID, old.start_ms, old.end_ms, "store_outage")]
    assert not old.path.exists()
    assert list(minutes.spool.files()) == [young]


async def test_a_file_that_vanished_from_the_disk_is_lost(tmp_path: Path) -> None:
    minutes = Minutes(tmp_path / "spool", {})
    file = minutes.seal(UID, 0)
    file.path.unlink()
    file.refused = True  # as its upload found
    book = Book()
    aging = Aging(
        minutes.spool,
        HandClock(),
        longest_hours=168,
        is_store_out=lambda uid: False,
        is_clock_right=lambda: True,
        record=book.record,
    )
    assert await aging.round() == 1
    assert book.rows == [Gap(UID, file.start_ms, file.end_ms, "spool_lost")]
