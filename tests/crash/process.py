"""A process that ends as by a power cut right before a named step, the nth time it comes to it.

    python -m tests.crash.process storage STEP N
    python -m tests.crash.process recording CREATED_MS SECONDS [STEP N]

Where things are is told by `SNOWLIGHT_*`, as in production.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import uvloop

import services.ingest.app
from services.ingest.commit import Commits
from services.ingest.config import IngestSettings
from services.ingest.keeping import Keeping, open_keeping, open_spool
from services.ingest.recording.recorder import Recorder
from services.ingest.registry.record import PlacedCamera
from services.ingest.shards.membership import join
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import Worker
from services.ingest.shards.terms import Terms
from services.ingest.status.board import SessionObserver, StatusBoard
from services.ingest.status.gaps import GapLedger
from services.ingest.status.metrics import StatusMetrics
from services.ingest.status.reporter import GapReporter
from services.ingest.status.repository import StatusRepository
from services.ingest.status.writer import StatusWriter
from services.ingest.stores.placement import Placement
from services.storage.app import run_storage
from services.storage.config import StorageSettings
from snowlight.api.storage.v1 import storage_pb2_grpc
from snowlight.config import ClusterSettings
from snowlight.database import open_database
from snowlight.media.fragment import Fragment, InitSection
from snowlight.observability.logs import configure_logs
from snowlight.runtime import Runtime, build_runtime
from tests.unit.media.feed import Feed
from tests.unit.media.samples import clip

UID = "crashed"
REGION = "regions/421381"
CAMERA_CLASS = 3
READY = "ready"
DRAIN_SECONDS = 30.0


class Fuse:
    """Kills its own process."""

    def __init__(self, step: str = "", count: int = 0) -> None:
        """Without a step it never does."""
        self._step = step
        self._left = count

    def reached(self, step: str) -> None:
        if step == self._step:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


async def store(runtime: Runtime) -> None:
    """Run storage until something ends it."""
    async with run_storage(runtime, StorageSettings()):
        print(READY, flush=True)
        await asyncio.Event().wait()


async def record(runtime: Runtime, created_ms: int, seconds: float) -> None:
    """Record a camera for so long as ingest does, and leave when all of it is committed.

    Tells each fragment that the spool has taken on a line: its start and its duration, ms.
    """
    settings, clock = IngestSettings(), runtime.clock
    cluster = runtime.cluster
    migrations = Path(services.ingest.app.__file__).parent / "migrations"
    async with AsyncExitStack() as stack:
        url = f"sqlite+aiosqlite:///{cluster.data_dir / 'ingest.db'}"
        database = await stack.enter_async_context(
            open_database(url, service="ingest", migrations=migrations)
        )
        channel = await stack.enter_async_context(runtime.channel(cluster.storage_address))
        storage: storage_pb2_grpc.StorageAsyncStub = storage_pb2_grpc.StorageStub(channel)
        commits = Commits(storage)
        statuses = StatusRepository(database)
        reporter = GapReporter(statuses, commits.gaps)
        board = StatusBoard(clock, GapLedger(), StatusMetrics(runtime.registry))
        writer = StatusWriter(board, statuses, reporter.wake)
        spool, shards = open_spool(runtime, settings), ShardRepository(database)
        worker = Worker(settings.worker, "run", "")
        membership = await join(worker, shards, commits, clock, spool.raise_epoch)
        terms = membership.terms
        keeping = await open_keeping(
            runtime,
            settings,
            database,
            spool,
            membership,
            commits,
            Placement(frozenset({settings.store.name}), settings.store.name, {UID: REGION}),
            [PlacedCamera(UID, REGION, created_ms)],
            board.gaps,
            statuses,
            reporter,
            is_clock_right=lambda: True,
        )
        # Objects of a second: what takes minutes otherwise is seen in a moment.
        keeping.spool.settings = replace(
            keeping.spool.settings, segment_s=1, longest_s=2, sync_interval_s=0.05
        )
        if UID not in await statuses.discontinuities():
            board.register(UID, created_ms)
        background = await stack.enter_async_context(asyncio.TaskGroup())
        work = (writer.run(), reporter.run(), _upload(keeping, terms))
        for each in work:
            stack.callback(background.create_task(each).cancel)
        async with keeping.spool.running(), keeping.drained(DRAIN_SECONDS):
            await _feed(runtime, keeping, terms.epoch_of(UID), board.session(UID, f"cameras/{UID}"), seconds)
        await writer.flush()
        await reporter.report()


async def _upload(keeping: Keeping, terms: Terms) -> None:
    await terms.open()
    await keeping.uploads.run()


async def _feed(
    runtime: Runtime, keeping: Keeping, epoch: int, observer: SessionObserver, seconds: float
) -> None:
    """Give the recorder each fragment when its time is over, as a camera's session does."""
    clock = runtime.clock
    start_ms = clock.now_ms()
    init, fragments = _footage(start_ms, seconds)
    recorder = Recorder(keeping.spool, UID, epoch, CAMERA_CLASS, keeping.uploads.is_store_out)
    observer.on_session(init.discontinuity_sequence)
    recording = False
    for fragment in fragments:
        await asyncio.sleep(max(0.0, (fragment.end_ms - clock.now_ms()) / 1000))
        if not recorder.append(init, fragment):
            raise RuntimeError(f"the spool takes nothing: {recorder.refusal}")
        if not recording:
            observer.on_recording(fragment.start_ms)
            recording = True
        print(fragment.start_ms, fragment.duration_ms, flush=True)
    recorder.close()


def _footage(start_ms: int, seconds: float) -> tuple[InitSection, list[Fragment]]:
    """Real fragments of a camera that is connected to now."""
    feed, played = Feed(), clip()
    feed.clock.ms = start_ms
    feed.stream.on_tracks(played.video, None)
    for turn in range(-(-int(seconds) // int(played.seconds))):
        feed.play(played, pts=int(turn * played.seconds * 90_000))
    feed.stream.finish()
    session = feed.session
    return session.init, [each for each in session.fragments if each.end_ms <= start_ms + seconds * 1000]


def main(service: str, *arguments: str) -> None:
    if service == "storage":
        step, count = arguments
        fuse = Fuse(step, int(count))
    else:
        fuse = Fuse(arguments[2], int(arguments[3])) if arguments[2:] else Fuse()
    name = "storage" if service == "storage" else "ingest"
    cluster = ClusterSettings()
    configure_logs(cluster.log_level)
    runtime = replace(build_runtime(name, cluster), reached=fuse.reached)
    if service == "storage":
        uvloop.run(store(runtime))
    else:
        uvloop.run(record(runtime, int(arguments[0]), float(arguments[1])))


if __name__ == "__main__":
    main(*sys.argv[1:])
