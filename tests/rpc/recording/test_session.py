"""Whatever a camera does ends in a state and a gap with its cause, and in another attempt."""

import asyncio
import resource
import time
from dataclasses import replace
from pathlib import Path

import av
import pytest

from services.ingest.media.live_item import Spooled
from services.ingest.media.ring import Ring
from services.ingest.pace import Pace
from services.ingest.sources.source import AccessUnitSink, SourceError, VideoTrack
from snowlight.media.fragment import Fragment, InitSection
from tests.rpc.recording.replay import UID, Replay, Worker, running, until
from tests.unit.media.feed import START_MS, HandClock
from tests.unit.media.samples import Clip, Unit, clip


class Refused:
    """A camera that cannot be played."""

    def __init__(self, error: SourceError) -> None:
        self._error = error

    async def run(self, sink: AccessUnitSink) -> None:
        raise self._error


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("camera.auth_failed", "auth_failed"),
        ("camera.unreachable", "camera_offline"),
        ("camera.timeout", "camera_offline"),
        ("camera.protocol_error", "network"),
    ],
)
async def test_a_failure_is_told_with_its_cause_and_tried_again(
    tmp_path: Path, code: str, cause: str
) -> None:
    worker = Worker(tmp_path, HandClock())
    refused = Refused(SourceError(code, "as it says"))
    async with running(worker.session([refused, refused, Replay(worker.clock, clip(), 4)])):
        await until(lambda: ("online", "") in worker.told.states)
    assert worker.told.states == [
        ("connecting", ""),
        ("offline", f"{code}: as it says"),
        ("connecting", ""),
        ("offline", f"{code}: as it says"),
        ("connecting", ""),
        ("online", ""),
    ]
    assert worker.told.gaps == [("start", START_MS, cause), ("end", START_MS, "")]


async def test_a_camera_that_ends_each_minute_is_connected_to_at_once_each_time(tmp_path: Path) -> None:
    """It would lose most of its time if each pause were twice the last one: 40 s after the twelfth minute."""
    worker = Worker(tmp_path, HandClock(), retry_longest=60)
    ends = SourceError("camera.closed", "as it says")
    minutes = [Replay(worker.clock, clip(), 60, error=ends) for _ in range(12)]
    async with running(worker.session([*minutes, Replay(worker.clock, clip(), 4)])):
        await until(lambda: worker.told.states.count(("online", "")) == 13)


async def test_a_camera_is_connected_to_again_at_its_sites_pace(tmp_path: Path) -> None:
    worker = Worker(tmp_path, HandClock())
    worker.parts = replace(worker.parts, pace=Pace(1000, 5))
    refused, began = Refused(SourceError("camera.timeout", "as it says")), time.monotonic()
    async with running(worker.session([*[refused] * 4, Replay(worker.clock, clip(), 4)])):
        await until(lambda: ("online", "") in worker.told.states)
    assert time.monotonic() - began >= 0.59  # three intervals of 0.2 s between four attempts


class Watched(Ring):
    """Looks, whenever a fragment is about to be handed out, whether a file has it."""

    def __init__(self, spool: Path) -> None:
        super().__init__()
        self._spool = spool
        self.spooled: list[bool] = []

    def append(self, fragment: Fragment, spooled: Spooled | None = None) -> None:
        files = [path.read_bytes() for path in self._spool.glob("*.mp4")]
        self.spooled.append(any(fragment.data in data for data in files))
        super().append(fragment, spooled)


async def test_a_viewer_is_given_nothing_that_a_kill_could_still_lose(tmp_path: Path) -> None:
    worker = Worker(tmp_path, HandClock())
    worker.ring = ring = Watched(worker.spool.folder)
    closed = SourceError("camera.closed", "the camera closed the connection")
    sources = [Replay(worker.clock, clip(), 5.4, error=closed), Replay(worker.clock, clip(), 70)]
    async with running(worker.session(sources)):
        await until(lambda: len(ring.spooled) > 140)
    assert all(ring.spooled)


async def test_what_came_before_an_end_is_recorded_and_the_gap_begins_behind_it(tmp_path: Path) -> None:
    clock = HandClock()
    worker = Worker(tmp_path, clock)
    closed = SourceError("camera.closed", "the camera closed the connection")
    sources = [Replay(clock, clip(), 5.4, error=closed), Replay(clock, clip(), 4)]
    session = worker.session(sources)
    async with running(session):
        await until(lambda: clock.ms == START_MS + 9400)
    assert worker.told.gaps == [
        ("end", START_MS, ""),
        ("start", START_MS + 5400, "camera_offline"),
        ("end", START_MS + 5400, ""),
    ]
    first, second = worker.spool.list_spool(UID, START_MS, START_MS + 60_000)
    assert (first.end_ms, second.start_ms) == (START_MS + 5400, START_MS + 5400)
    assert session.recorded_until_ms == second.end_ms == START_MS + 9400
    assert second.name.session > first.name.session


async def test_a_stream_without_key_frames_says_so(tmp_path: Path) -> None:
    worker = Worker(tmp_path, HandClock(), key_frame_timeout=0.05)
    blind = Clip(clip().video, tuple(Unit(unit.data, unit.pts, False) for unit in clip().units))
    async with running(worker.session([Replay(worker.clock, blind, 4)])):
        await until(lambda: len(worker.told.states) > 2)
    assert worker.told.states[1] == ("offline", "camera.no_key_frame: no key frame within 0.05 s")


async def test_a_stream_without_parameter_sets_says_so(tmp_path: Path) -> None:
    worker = Worker(tmp_path, HandClock(), key_frame_timeout=0.05)
    bare = Clip(VideoTrack("h264", 90_000, ()), clip().units)
    async with running(worker.session([Replay(worker.clock, bare, 4)])):
        await until(lambda: len(worker.told.states) > 2)
    assert worker.told.states[1][1].startswith("camera.no_parameter_sets: ")


async def test_one_cameras_nonsense_disturbs_no_other(tmp_path: Path) -> None:
    clock = HandClock()
    bad, good = Worker(tmp_path / "bad", clock), Worker(tmp_path / "good", clock)
    nonsense = Clip(VideoTrack("h264", 90_000, (b"\x67", b"\x68")), clip().units)
    bad_session = bad.session([Replay(clock, nonsense, 4)])
    good_session = good.session([Replay(clock, clip(), 4)])
    async with running(bad_session), running(good_session):
        await until(lambda: len(bad.told.states) > 2 and ("online", "") in good.told.states)
    assert bad.told.states[1][1].startswith("camera.protocol_error: ")
    assert good.told.states == [("connecting", ""), ("online", "")]


async def test_outside_its_hours_a_camera_is_live_and_not_recorded(tmp_path: Path) -> None:
    clock = HandClock()
    worker = Worker(tmp_path, clock)  # START_MS is a Monday, 22:13:20 in Shanghai
    session = worker.session([Replay(clock, clip(), 60)], schedule="mon 22:14-22:15")
    async with running(session):
        await until(lambda: clock.ms >= START_MS + 60_000)
        assert worker.ring.live
    start = START_MS + 40_000
    assert worker.told.gaps == [("start", START_MS, "schedule"), ("end", start, "")]
    assert [file.start_ms for file in worker.spool.list_spool(UID, 0, START_MS * 2)] == [start]


async def test_a_disk_that_is_full_pauses_the_recording_and_not_the_picture(tmp_path: Path) -> None:
    """A real limit on a file's size stands for the disk's end: write(2) fails alike."""
    clock = HandClock()
    worker = Worker(tmp_path, clock)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def each_second(second: int) -> None:
        if second == 5:
            (file,) = worker.spool.list_spool(UID, START_MS, START_MS + 1)
            resource.setrlimit(resource.RLIMIT_FSIZE, (file.size + 100, limits[1]))
        if second == 8:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            assert worker.spool.level >= 1
            await until(lambda: worker.spool.level < 1)

    session = worker.session([Replay(clock, clip(), 12, each_second=each_second)])
    async with worker.spool.running(), running(session):
        await until(lambda: clock.ms >= START_MS + 12_000)
        assert worker.ring.live
    before, after = worker.spool.list_spool(UID, 0, START_MS * 2)
    assert worker.told.gaps == [
        ("end", START_MS, ""),
        ("start", before.end_ms, "spool_full"),
        ("end", after.start_ms, ""),
    ]
    assert before.path.stat().st_size == before.size
    assert sum(before.table().size) + before.init_size == before.size  # no room for its mfra
    assert after.end_ms == START_MS + 12_000
    with av.open(before.path, "r") as container:
        assert sum(1 for _ in container.decode(video=0)) == before.duration_ms // 40


async def test_watchers_see_the_session_as_it_is_numbered(tmp_path: Path) -> None:
    clock = HandClock()
    worker = Worker(tmp_path, clock)
    async with running(worker.session([Replay(clock, clip(gop=50), 20)])):
        await until(lambda: clock.ms >= START_MS + 20_000)
        watcher = worker.ring.subscribe(backlog=True)
        init = (await asyncio.wait_for(anext(watcher), 5)).event
        assert isinstance(init, InitSection)
        assert init.session == START_MS // 1000
        assert init.target_duration_ms == 2000
        assert init.part_target_ms == 562
        places = []
        for _ in range(12):
            event = (await asyncio.wait_for(anext(watcher), 5)).event
            assert not isinstance(event, InitSection)
            places.append((event.segment, event.part, event.independent, event.start_ms))
    for segment, part, independent, start_ms in places:
        assert (part == 0) == independent
        assert START_MS + (segment - init.session) * 2000 <= start_ms
    assert len({segment for segment, *_ in places}) == 3
    (media, *_) = worker.told.media
    assert (media.video_codec, media.width, media.height, media.frames_per_second) == ("h264", 320, 180, 25)
    assert media.bits_per_second > 10_000
