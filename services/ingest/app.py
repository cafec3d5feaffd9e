"""Ingest: registry, sessions, spool and live footage, put together and taken apart in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from services.ingest.camera import CameraSpec
from services.ingest.commit import Commits
from services.ingest.config import IngestSettings
from services.ingest.epoch import SHARD, open_epoch, raise_epoch
from services.ingest.media.heap import collect_rarely, keep_fragments_on_the_heap
from services.ingest.media.ring import Ring
from services.ingest.observer import CameraObserver
from services.ingest.pace import Pace
from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.recovery import Recovered, recover
from services.ingest.recording.spool import Spool, SpoolSettings
from services.ingest.recording.uploader import Uploader, UploadSettings
from services.ingest.registry.cameras import Cameras
from services.ingest.registry.credentials import KEY_PURPOSE, CredentialSealer
from services.ingest.registry.feed import CameraFeed
from services.ingest.registry.record import CameraRecord
from services.ingest.registry.repository import CameraRepository
from services.ingest.service.camera_registry import CameraRegistry
from services.ingest.service.live import PRESERIALIZED, Live
from services.ingest.service.viewers import Viewers
from services.ingest.session import CameraSession, SessionParts
from services.ingest.sources.opening import open_source
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.source import Source
from services.ingest.status.board import StatusBoard
from services.ingest.status.gaps import Gap, GapLedger
from services.ingest.status.metrics import StatusMetrics
from services.ingest.status.reporter import GapReporter
from services.ingest.status.repository import StatusRepository
from services.ingest.status.writer import StatusWriter
from services.ingest.supervisor import Supervisor
from snowlight.api.ingest.v1 import camera_pb2_grpc, live_pb2_grpc
from snowlight.api.storage.v1 import storage_pb2_grpc
from snowlight.bucket_control import ensure_bucket
from snowlight.database import open_database
from snowlight.errors import SnowlightError, UnavailableError
from snowlight.object_store import ObjectStoreSettings, open_store
from snowlight.readiness import Readiness
from snowlight.rpc.server import Servicer
from snowlight.runtime import Runtime

STORE_RETRY_SECONDS = 5.0
LAST_REPORT_SECONDS = 2.0
LOOK_SECONDS = 0.05
DISCONTINUITIES_UNWRITTEN = 100
"""How many sessions of one camera a run that was killed may have begun after its last write of the count."""

log = structlog.get_logger(__name__)


@asynccontextmanager
async def run_ingest(runtime: Runtime, settings: IngestSettings) -> AsyncIterator[None]:
    """Ingest is up inside. On the way out streams end, sessions close, and spool and gaps are handed on."""
    keep_fragments_on_the_heap()
    data_dir = runtime.cluster.data_dir
    clock = runtime.clock
    async with (
        open_database(
            settings.database_url or f"sqlite+aiosqlite:///{data_dir / 'ingest.db'}",
            service="ingest",
            migrations=Path(__file__).parent / "migrations",
        ) as database,
        runtime.channel(runtime.cluster.storage_address) as channel,
    ):
        storage: storage_pb2_grpc.StorageAsyncStub = storage_pb2_grpc.StorageStub(channel)
        commits = Commits(storage, SHARD)
        repository = CameraRepository(database)
        feed = CameraFeed(repository)
        cameras = Cameras(repository, CredentialSealer(runtime.key.derive(KEY_PURPOSE)), clock, feed.publish)
        board = StatusBoard(clock, GapLedger(), StatusMetrics(runtime.registry))
        statuses = StatusRepository(database)
        reporter = GapReporter(statuses, commits.gaps)
        writer = StatusWriter(board, statuses, reporter.wake)
        spool = _open_spool(runtime, settings)
        epoch = await raise_epoch(database, SHARD)
        await statuses.forget_deleted()
        _begin_restart_gaps(
            board.gaps, await recover(spool), await statuses.open_gaps(), await repository.uids()
        )
        uploader = Uploader(
            spool,
            open_store(settings.store, data_dir),
            settings.store.name,
            commits.segments,
            clock,
            UploadSettings(),
            Random(),  # noqa: S311 - jitter
        )
        viewers = Viewers()
        discontinuities = await statuses.discontinuities()
        supervisor = Supervisor(
            feed=feed,
            board=board,
            clock=clock,
            pace=Pace(settings.sessions_per_second, clock),
            spec_of=lambda record: _spec(record, cameras),
            new_ring=_ring_opener(settings.ring_bytes, discontinuities),
            open_session=_session_opener(runtime, settings, spool, epoch),
            on_dark=viewers.end,
            seen=discontinuities.keys(),
        )
        readiness = Readiness(database, clock)
        runtime.health.require("ingest.database", lambda: feed.reachable)
        runtime.health.require("ingest.clock", lambda: readiness.clock_agrees)
        runtime.health.require("ingest.cameras", supervisor.synced.is_set)
        async with (
            _kept_status(writer, reporter),
            spool.running(),
            _uploading(spool, _upload(uploader, settings.store, storage, epoch, clock.now_ms()), runtime),
            _running(feed.run(), supervisor.run(), readiness.run()),
            runtime.serve(
                settings.listen,
                Servicer(
                    "snowlight.api.ingest.v1.CameraRegistry",
                    camera_pb2_grpc.add_CameraRegistryServicer_to_server,
                    CameraRegistry(cameras, feed, board, statuses, writer),
                ),
                Servicer(
                    "snowlight.api.ingest.v1.Live",
                    live_pb2_grpc.add_LiveServicer_to_server,
                    Live(
                        supervisor,
                        viewers,
                        board,
                        spool,
                        wait_seconds=settings.live_wait_seconds,
                    ),
                    preserialized=PRESERIALIZED,
                ),
            ),
        ):
            collect_rarely()
            try:
                yield
            finally:  # streams have no end of their own: draining would wait for them
                feed.close()
                viewers.end_all()


def _open_spool(runtime: Runtime, settings: IngestSettings) -> Spool:
    data_dir = runtime.cluster.data_dir
    is_folder = settings.store.bucket is None
    return Spool(
        settings.spool_dir or data_dir / "spool",
        runtime.clock,
        SpoolSettings(),
        RecordingMetrics(runtime.registry),
        also_sync=[settings.store.folder(data_dir)] if is_folder else [],
    )


def _begin_restart_gaps(
    ledger: GapLedger, recovered: Recovered, open_gaps: Iterable[Gap], registered: set[str]
) -> None:
    """Go on with the gaps that were open, and begin one where a run that was killed had recorded until."""
    ledger.restore(open_gaps)
    for uid, end_ms in recovered.end_ms.items():
        known = ledger.open_gap(uid)
        if uid in registered and (known is None or known.start_ms < end_ms):
            ledger.start(uid, end_ms, "ingest_restart")


def _spec(record: CameraRecord, cameras: Cameras) -> CameraSpec:
    return CameraSpec(
        uid=record.uid,
        name=record.name,
        source_url=record.source_url,
        credentials=cameras.credentials(record),
        audio=record.audio,
        camera_class=record.camera_class,
        schedule=record.schedule,
    )


def _ring_opener(cap_bytes: int, discontinuities: Mapping[str, int]) -> Callable[[str], Ring]:
    """`discontinuities`: by camera uid, the count that an earlier run wrote, maybe not its last."""

    def new_ring(uid: str) -> Ring:
        written = discontinuities.get(uid)
        return Ring(cap_bytes, 0 if written is None else written + DISCONTINUITIES_UNWRITTEN)

    return new_ring


def _session_opener(
    runtime: Runtime, settings: IngestSettings, spool: Spool, epoch: int
) -> Callable[[CameraSpec, Ring, CameraObserver], CameraSession]:
    parts = SessionParts.create(runtime.clock, spool, ZoneInfo(runtime.cluster.time_zone))
    rounds = ReadRounds()

    def source_of(spec: CameraSpec) -> Source:
        return open_source(
            spec.source_url,
            spec.credentials,
            audio=spec.audio,
            networks=settings.source_networks,
            media_dir=settings.media_dir,
            rounds=rounds,
        )

    def open_session(spec: CameraSpec, ring: Ring, observer: CameraObserver) -> CameraSession:
        return CameraSession(
            spec, epoch=epoch, open_source=source_of, parts=parts, ring=ring, observer=observer
        )

    return open_session


async def _upload(
    uploader: Uploader,
    store: ObjectStoreSettings,
    storage: storage_pb2_grpc.StorageAsyncStub,
    epoch: int,
    from_ms: int,
) -> None:
    """Upload until cancelled, once the bucket is there and storage knows the epoch."""
    while True:
        try:
            await ensure_bucket(store)
        except UnavailableError as error:
            log.warning("store.unavailable", reason=str(error))
            await asyncio.sleep(STORE_RETRY_SECONDS)
        else:
            break
    await open_epoch(storage, SHARD, epoch, from_ms)
    await uploader.run()


@asynccontextmanager
async def _running(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """`work` goes on inside, and is cancelled and waited for at the end. If it breaks, so does the body."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(piece) for piece in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


@asynccontextmanager
async def _uploading(
    spool: Spool, upload: Coroutine[Any, Any, None], runtime: Runtime
) -> AsyncIterator[None]:
    """Uploads go on inside. At the end what the sessions closed is uploaded too, as far as time allows."""
    async with _running(upload):
        yield
        try:
            async with asyncio.timeout(runtime.cluster.drain_seconds):
                while spool.cameras():  # noqa: ASYNC110 - the spool tells nobody
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            log.info("spool.left", cameras=len(spool.cameras()))


@asynccontextmanager
async def _kept_status(writer: StatusWriter, reporter: GapReporter) -> AsyncIterator[None]:
    """Status goes to the database inside, and a last time at the end, when the sessions have ended."""
    async with _running(writer.run(), reporter.run()):
        yield
    try:
        await writer.flush()
        async with asyncio.timeout(LAST_REPORT_SECONDS):
            await reporter.report()
    except (SnowlightError, TimeoutError) as error:
        log.warning("gaps.left", reason=str(error) or "storage did not answer in time")
