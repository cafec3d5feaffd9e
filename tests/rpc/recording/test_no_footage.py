"""Packets alone are no footage: a camera that gives none is told offline, with a gap, and connected anew."""

import asyncio
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from services.ingest.sources.source import AccessUnitSink
from tests.rpc.recording.replay import Replay, Worker, running, until
from tests.unit.media.feed import START_MS, HandClock
from tests.unit.media.samples import TICKS, Unit, clip

TIMEOUT_S = 0.25


class Endless:
    """Plays a clip with one key frame until it is well recorded; then what `later` makes of it, for ever."""

    def __init__(self, clock: HandClock, later: Callable[[AccessUnitSink, Unit, int], None]) -> None:
        self._clock = clock
        self._later = later
        self.good_until_ms = 0.0

    async def run(self, sink: AccessUnitSink) -> None:
        pictures = clip(gop=100)
        sink.on_tracks(pictures.video, None)
        loop = asyncio.get_running_loop()
        begin = loop.time()
        turn = 0
        while True:
            good = loop.time() < begin + 2 * TIMEOUT_S
            for unit in pictures.units:
                pts = unit.pts + turn * len(pictures.units) * TICKS
                if good:
                    sink.on_video(unit.data, pts, unit.key)
                else:
                    self._later(sink, unit, pts)
                self._clock.ms += 40
            turn += 1
            if good:
                self.good_until_ms = self._clock.ms
            await asyncio.sleep(0.02)  # the camera's own pace


def without_key_frame_behind_a_hole(sink: AccessUnitSink, unit: Unit, pts: int) -> None:
    sink.on_video(unit.data, pts + 90_000, False)


def with_nothing_whole(sink: AccessUnitSink, unit: Unit, pts: int) -> None:
    sink.on_loss(1)


def with_stamps_that_hardly_go_on() -> Callable[[AccessUnitSink, Unit, int], None]:
    stamps: Iterator[int] | None = None

    def later(sink: AccessUnitSink, unit: Unit, pts: int) -> None:
        nonlocal stamps
        stamps = stamps or count(pts)
        sink.on_video(unit.data, next(stamps), False)

    return later


async def ended(folder: Path, later: Callable[[AccessUnitSink, Unit, int], None]) -> tuple[Worker, int]:
    """Such a camera, and one that plays when it is connected anew. Returns when the first one's ended too."""
    clock = HandClock()
    worker = Worker(folder, clock, key_frame_timeout=TIMEOUT_S)
    endless = Endless(clock, later)
    session = worker.session([endless, Replay(clock, clip(), 4)])
    async with running(session):
        await until(lambda: worker.told.states.count(("online", "")) == 2)
    return worker, round(endless.good_until_ms)


async def test_no_key_frame_comes_after_a_hole_in_the_stamps(tmp_path: Path) -> None:
    worker, end_ms = await ended(tmp_path, without_key_frame_behind_a_hole)
    assert worker.told.states[:4] == [
        ("connecting", ""),
        ("online", ""),
        ("offline", "camera.no_key_frame: no key frame within 0.25 s"),
        ("connecting", ""),
    ]
    assert worker.told.gaps[:2] == [("end", START_MS, ""), ("start", end_ms, "camera_offline")]
    assert [kind for kind, *_ in worker.told.gaps] == ["end", "start", "end"]


async def test_every_picture_is_broken(tmp_path: Path) -> None:
    worker, end_ms = await ended(tmp_path, with_nothing_whole)
    assert worker.told.states[2] == (
        "offline",
        "camera.no_video: no picture that can be recorded within 0.25 s",
    )
    assert worker.told.gaps[:2] == [("end", START_MS, ""), ("start", end_ms, "camera_offline")]


async def test_stamps_hardly_go_on(tmp_path: Path) -> None:
    worker, _ = await ended(tmp_path, with_stamps_that_hardly_go_on())
    assert worker.told.states[2][1].startswith("camera.no_video: ")


class Slow:
    """One picture in ten seconds by its stamps, of which each lasts 0.2 s here."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock

    async def run(self, sink: AccessUnitSink) -> None:
        pictures = clip(seconds=0.4, gop=1)
        sink.on_tracks(pictures.video, None)
        for i, unit in enumerate(pictures.units):
            sink.on_video(unit.data, i * 900_000, unit.key)
            self._clock.ms += 10_000
            await asyncio.sleep(TIMEOUT_S / 15 * 10)  # the camera's own pace
        await asyncio.Event().wait()


async def test_a_slow_camera_is_not_missed_between_two_pictures(tmp_path: Path) -> None:
    worker = Worker(tmp_path, HandClock(), key_frame_timeout=TIMEOUT_S)
    async with running(worker.session([Slow(worker.clock)])):
        await until(lambda: worker.clock.ms >= START_MS + 100_000)
    assert worker.told.states == [("connecting", ""), ("online", "")]
    assert worker.told.gaps == [("end", START_MS, "")]
