"""Cameras whose connections end again and again: nothing grows, and every second is footage or a gap."""

import asyncio
import gc
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from obstore.store import LocalStore
from prometheus_client import CollectorRegistry

from services.ingest.camera import CameraSpec
from services.ingest.media.ring import Ring
from services.ingest.media.stream import MediaStream
from services.ingest.pace import Pace
from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.spool import Spool, SpoolSettings
from services.ingest.recording.uploader import Uploader, UploadSettings
from services.ingest.recording.uploads import Uploads
from services.ingest.session import CameraSession, SessionParts, SessionSettings
from services.ingest.sources.opening import open_source
from services.ingest.sources.rtsp.client.connection import Connection
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.rtsp.client.source import RtspSource
from services.ingest.sources.source import Source
from simulator.bench_sender import serve_bench
from simulator.loop.cache import LoopCache
from simulator.loop.parameters import LoopParameters, Profile
from simulator.ports import free_port
from snowlight.clock import SystemClock
from tests.rpc.recording.replay import SHANGHAI, Ledger, Told
from tests.rpc.recording.street import IMPATIENT
from tests.rpc.sources.playing import LOOPBACK
from tests.waiting import eventually

PICTURE = LoopParameters("村口", "gate", profile=Profile.H264, width=160, height=90, bit_rate=60_000)
CAMERAS = 20
CONNECTION_S = 1.0
OURS = ("services.", "snowlight.")
HOLE_MS = 1000
"""A shorter one is no gap."""


@dataclass(frozen=True)
class Held:
    """What the process holds when no camera is connected and everything is stored."""

    descriptors: int
    tasks: int
    spooled: int
    objects: Counter[str]
    """Of our own classes, by their names."""

    @classmethod
    def now(cls, spool: Path) -> "Held":
        gc.collect()
        names = (f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.get_objects())
        return cls(
            len(os.listdir("/proc/self/fd")),  # noqa: PTH208
            len(asyncio.all_tasks()),
            len(list(spool.iterdir())),
            Counter(name for name in names if name.startswith(OURS) and ".api." not in name),
        )


class Recorded:
    """Cameras at one port, recorded and uploaded as one ingest process does."""

    def __init__(self, folder: Path, port: int) -> None:
        self.clock = SystemClock()
        self.ledger = Ledger()
        self.port = port
        self.told = {f"uid-{number}": Told() for number in range(CAMERAS)}
        metrics = RecordingMetrics(CollectorRegistry())
        self.spool = Spool(folder / "spool", self.clock, SpoolSettings(sync_interval_s=0.05), metrics)
        self._footage = folder / "footage"
        self._footage.mkdir()

    @property
    def connections(self) -> int:
        """That have ended after pictures came."""
        return sum(told.states.count(("online", "")) for told in self.told.values())

    @property
    def is_quiet(self) -> bool:
        """No camera can be reached, and nothing waits to be stored."""
        unreachable = all(
            told.states[-1][1].startswith("camera.unreachable") or told.states[-1][0] == "connecting"
            for told in self.told.values()
        )
        return unreachable and not list(self.spool.folder.iterdir())

    def holes(self, uid: str) -> list[tuple[int, int]]:
        """(start, end) between the objects of a camera, of those that are long enough for a gap."""
        segments = [segment for segment in self.ledger.sorted() if segment.camera_uid == uid]
        ends = [segment.start_ms + segment.duration_ms for segment in segments]
        pairs = zip(ends, segments[1:], strict=False)
        return [(end, later.start_ms) for end, later in pairs if later.start_ms - end > HOLE_MS]

    def gaps(self, uid: str) -> list[tuple[int, int]]:
        """(start, end) of what was told of as missing, with a cause."""
        found, since = [], None
        for kind, time_ms, cause in self.told[uid].gaps:
            if kind == "end" and since is not None:
                found.append((since, time_ms))
                since = None
            elif kind == "start" and since is None:
                assert cause == "camera_offline"
                since = time_ms
        return found

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Until the context ends."""
        uploader = Uploader(
            self.spool,
            LocalStore(self._footage),
            "default",
            self.ledger.commit,
            self.clock,
            UploadSettings(retry_first_s=0.01, retry_longest_s=0.05),
            Random(1),
            self._prepare,
        )
        uploads = Uploads(self.spool, {"default": uploader}, lambda uid: "default")
        async with self.spool.running():
            works = [asyncio.create_task(session.run()) for session in self._sessions()]
            works.append(asyncio.create_task(uploads.run()))
            try:
                yield
            finally:
                for work in works:
                    work.cancel()
                await asyncio.gather(*works, return_exceptions=True)

    async def _prepare(self) -> None:
        """A folder is ready as it is."""

    def _sessions(self) -> list[CameraSession]:
        settings = SessionSettings(retry_first=0.3, retry_longest=0.3)
        parts = SessionParts.create(
            self.clock, self.spool, lambda uid: False, SHANGHAI, lambda: 0, Pace(1000, 1000), settings
        )
        rounds = ReadRounds()

        def open_impatiently(spec: CameraSpec) -> Source:
            return open_source(
                spec.source_url,
                None,
                audio=False,
                network=LOOPBACK,
                media_dir=None,
                rounds=rounds,
                settings=IMPATIENT,
            )

        return [
            CameraSession(
                CameraSpec(uid, f"cameras/{uid}", f"rtsp://127.0.0.1:{self.port}/{uid}"),
                epoch=1,
                open_source=open_impatiently,
                parts=parts,
                ring=Ring(cap_bytes=1000),  # it is full from the first connection on
                observer=told,
            )
            for uid, told in self.told.items()
        ]


async def test_twenty_cameras_reconnect_each_second_and_nothing_grows(tmp_path: Path, loops: Path) -> None:
    loop = await LoopCache(loops, 2).provide(PICTURE)
    recorded = Recorded(tmp_path, free_port())
    held: list[Held] = []

    async def reconnect(times: int) -> None:
        wanted = recorded.connections + times * CAMERAS

        async def came_back() -> bool:
            return recorded.connections >= wanted

        async def is_quiet() -> bool:
            return recorded.is_quiet

        async with serve_bench(loop, port=recorded.port, cut_each_s=CONNECTION_S):
            await eventually(came_back, timeout_s=60)
        await asyncio.sleep(2 * HOLE_MS / 1000)
        await eventually(is_quiet, timeout_s=30)
        for told in recorded.told.values():
            told.media.clear()
        held.append(Held.now(recorded.spool.folder))

    async with recorded.running():
        for times in (1, 3, 6):  # the first fills what is made once
            await reconnect(times)

    before, after = held[1:]
    assert after.descriptors <= before.descriptors + 1
    assert after.tasks <= before.tasks + 1
    assert (before.spooled, after.spooled) == (0, 0)
    assert {name: count for name, count in (after.objects - before.objects).items() if count > CAMERAS} == {}
    assert len(recorded.ledger.segments) >= 6 * CAMERAS
    for uid in recorded.told:
        holes, gaps = recorded.holes(uid), recorded.gaps(uid)
        assert len(holes) >= 2  # while nothing listened
        assert [hole for hole in holes if hole not in gaps] == []


async def test_what_a_connection_held_is_freed_with_it(tmp_path: Path, loops: Path) -> None:
    """The collector looks at objects as old as a connection once in hours: many megabytes by then."""
    loop = await LoopCache(loops, 2).provide(PICTURE)
    recorded = Recorded(tmp_path, free_port())

    async def came_back() -> bool:
        return recorded.connections >= 5 * CAMERAS

    async with recorded.running(), serve_bench(loop, port=recorded.port, cut_each_s=CONNECTION_S):
        gc.disable()
        try:
            await eventually(came_back, timeout_s=60)
            held = Counter(type(each) for each in gc.get_objects())
        finally:
            gc.enable()
    assert {
        kind: held[kind] for kind in (MediaStream, RtspSource, Connection) if held[kind] > 2 * CAMERAS
    } == {}
