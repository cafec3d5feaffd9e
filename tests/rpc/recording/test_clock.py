"""Clocks that are wrong lose no minute and double none; the camera's own is measured and never believed."""

from itertools import pairwise
from pathlib import Path

import pytest

from services.ingest.sources.source import AccessUnitSink
from tests.rpc.recording.replay import UID, Replay, Worker, running, until
from tests.unit.media.feed import START_MS, HandClock
from tests.unit.media.samples import clip

HOUR_MS = 3_600_000


@pytest.mark.parametrize("step_ms", [HOUR_MS, -HOUR_MS])
async def test_a_step_of_the_clock_leaves_no_minute_twice(tmp_path: Path, step_ms: int) -> None:
    """Without a database whose clock could tell which is right, the step is followed."""
    clock = HandClock()
    worker = Worker(tmp_path, clock)

    async def each_second(second: int) -> None:
        if second == 100:
            clock.stepped_ms = step_ms

    session = worker.session([Replay(clock, clip(gop=25), 300, each_second=each_second)])
    async with running(session):
        await until(lambda: clock.ms >= START_MS + 300_000)
    assert worker.told.discontinuities == ["clock stepped"]
    files = worker.spool.list_spool(UID, 0, START_MS * 2)
    for before, after in pairwise(files):
        assert after.start_ms >= before.end_ms - 1
    recorded = sum(file.duration_ms for file in files)
    if step_ms > 0:  # all of it, the hour between being none that ever was
        assert abs(recorded - 300_000) <= 40
        assert ("start", START_MS, "") not in worker.told.gaps
        assert [cause for kind, _, cause in worker.told.gaps if kind == "start"] == ["network"]
    else:  # it is the time before the first picture again, and not yet that of any footage
        assert abs(recorded - 300_000) <= 1040
        assert min(file.start_ms for file in files) < START_MS - HOUR_MS + 130_000


async def test_where_the_clock_comes_back_to_footage_nothing_is_recorded_over_it(tmp_path: Path) -> None:
    """Back by 60 s: a minute's time comes twice, and belongs to the footage that was first."""
    clock = HandClock()
    worker = Worker(tmp_path, clock)

    async def each_second(second: int) -> None:
        if second == 100:
            clock.stepped_ms = -60_000

    session = worker.session([Replay(clock, clip(gop=25), 240, each_second=each_second)])
    async with running(session):
        await until(lambda: clock.ms >= START_MS + 240_000)
        assert worker.ring.live
    files = worker.spool.list_spool(UID, 0, START_MS * 2)
    for before, after in pairwise(files):
        assert -1 <= after.start_ms - before.end_ms <= 1040
    assert files[0].start_ms == START_MS
    assert files[-1].end_ms == START_MS + 180_000
    assert worker.told.discontinuities == ["clock stepped"]


async def test_a_clock_that_went_back_while_nothing_ran_has_nothing_recorded_over(tmp_path: Path) -> None:
    clock = HandClock()
    worker = Worker(tmp_path, clock)
    async with running(worker.session([Replay(clock, clip(gop=25), 100)])):
        await until(lambda: clock.ms >= START_MS + 100_000)
    (before,) = worker.spool.list_spool(UID, 0, START_MS * 2)[-1:]
    clock.stepped_ms = -60_000
    worker = Worker(tmp_path / "again", clock)
    async with running(worker.session([Replay(clock, clip(gop=25), 100)], ahead=[(START_MS, before.end_ms)])):
        await until(lambda: clock.ms >= START_MS + 200_000)
    files = worker.spool.list_spool(UID, 0, START_MS * 2)
    assert 0 <= files[0].start_ms - before.end_ms <= 1040
    assert files[-1].end_ms >= START_MS + 139_000


class WrongCamera(Replay):
    """Its sender reports are a day off."""

    async def run(self, sink: AccessUnitSink) -> None:
        sink.on_sender_report("video", START_MS + 86_400_000, 0)
        await super().run(sink)


async def test_a_cameras_own_clock_is_not_believed(tmp_path: Path) -> None:
    clock = HandClock()
    worker = Worker(tmp_path, clock)
    session = worker.session([WrongCamera(clock, clip(), 100)])
    async with running(session):
        await until(lambda: clock.ms >= START_MS + 100_000)
    files = worker.spool.list_spool(UID, 0, START_MS * 2)
    assert (files[0].start_ms, files[-1].end_ms) == (START_MS, START_MS + 100_000)
    assert worker.told.clock_offset_ms == 86_400_000
