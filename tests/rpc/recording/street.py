"""Simulated cameras, each recorded by a session of its own, as one ingest process has them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import av
from prometheus_client import CollectorRegistry

from services.ingest.camera import CameraSpec
from services.ingest.media.ring import Ring
from services.ingest.pace import Pace
from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.spool import Spool, SpoolSettings
from services.ingest.recording.spool_file import SpoolFile
from services.ingest.session import CameraSession, SessionParts, SessionSettings
from services.ingest.sources.opening import open_source
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.source import Source, SourceSettings
from simulator.camera import Camera
from simulator.server import CameraServer, serve_cameras
from snowlight.clock import SystemClock
from tests.rpc.recording.replay import SHANGHAI, Told
from tests.rpc.sources.playing import LOOPBACK

FRAMES_PER_SECOND = 15
FOR_EVER_MS = 1 << 48
IMPATIENT = SourceSettings(connect_timeout=5.0, response_timeout=3.0, silence_timeout=4.0)
"""A camera that is silent for 4 s here is one that is silent for 10 s in production."""


@dataclass(frozen=True)
class Recording:
    """What became of one camera."""

    uid: str
    session: CameraSession
    told: Told
    spool: Spool

    @property
    def files(self) -> list[SpoolFile]:
        return self.spool.list_spool(self.uid, 0, FOR_EVER_MS)

    @property
    def seconds(self) -> float:
        """How much is recorded."""
        return sum(file.duration_ms for file in self.files) / 1000

    @property
    def gaps(self) -> list[tuple[str, int]]:
        """(cause, ms) of each gap after the first picture that is over a second, which makes it one."""
        begun, found = False, []
        since, cause = 0, ""
        for kind, time_ms, why in self.told.gaps:
            if kind == "start":
                since, cause = (time_ms, why) if not cause else (since, cause)
            else:
                if begun and cause and time_ms - since > 1000:
                    found.append((cause, time_ms - since))
                begun, cause = True, ""
        if begun and cause:
            found.append((cause, FOR_EVER_MS))
        return found

    @property
    def reasons(self) -> set[str]:
        """The codes that connections ended with."""
        return {reason.partition(":")[0] for state, reason in self.told.states if state == "offline"}

    def pictures(self) -> dict[tuple[str, int], int]:
        """By codec and width, how many pictures a decoder makes of the footage."""
        found: dict[tuple[str, int], int] = {}
        for file in self.files:
            with av.open(file.path, "r") as container:
                codec = container.streams.video[0].codec_context.name
                for picture in container.decode(video=0):
                    kind = codec, picture.width
                    found[kind] = found.get(kind, 0) + 1
        return found


class Street:
    """Its cameras by path; made by `recorded_street`."""

    def __init__(self, recordings: dict[str, Recording], server: CameraServer) -> None:
        self.recordings = recordings
        self.server = server

    def __getitem__(self, path: str) -> Recording:
        return self.recordings[path]


@asynccontextmanager
async def recorded_street(
    cameras: Sequence[Camera], loops: Path, folder: Path, *, record: Sequence[str] = ()
) -> AsyncIterator[Street]:
    """`cameras` are on air and recorded inside, or of them those with the paths of `record`.

    loops: the folder of encoded loops.
    """
    clock = SystemClock()
    metrics = RecordingMetrics(CollectorRegistry())
    spool = Spool(folder / "spool", clock, SpoolSettings(sync_interval_s=0.05), metrics)
    settings = SessionSettings(key_frame_timeout=6.0, retry_first=1.5, retry_longest=1.5)
    pace = Pace(1000, 1000)
    parts = SessionParts.create(clock, spool, lambda uid: False, SHANGHAI, lambda: 0, pace, settings)
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

    def recording(camera: Camera) -> Recording:
        uid = f"uid-{camera.path}"
        told = Told()
        session = CameraSession(
            CameraSpec(uid, f"cameras/{camera.path}", server.url(camera)),
            epoch=1,
            open_source=open_impatiently,
            parts=parts,
            ring=Ring(),
            observer=told,
        )
        return Recording(uid, session, told, spool)

    async with serve_cameras(cameras, loops) as server, spool.running():
        await server.encoded()
        wanted = [camera for camera in cameras if not record or camera.path in record]
        recordings = {camera.path: recording(camera) for camera in wanted}
        tasks = [asyncio.create_task(each.session.run()) for each in recordings.values()]
        try:
            yield Street(recordings, server)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
