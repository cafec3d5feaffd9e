"""Ingest: registry, sessions, spool and live footage, put together and taken apart in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from services.ingest.camera import CameraSpec
from services.ingest.commit import Commits
from services.ingest.config import IngestSettings
from services.ingest.epoch import SHARD
from services.ingest.keeping import Keeping, open_keeping
from services.ingest.media.ring import Ring
from services.ingest.observer import CameraObserver
from services.ingest.online.days import LocalDays
from services.ingest.online.rates import OnlineRates
from services.ingest.online.repository import OnlineRepository
from services.ingest.online.writer import OnlineWriter
from services.ingest.pace import Pace
from services.ingest.registry.cameras import Cameras
from services.ingest.registry.credentials import KEY_PURPOSE, CredentialSealer
from services.ingest.registry.feed import CameraFeed
from services.ingest.registry.record import CameraRecord
from services.ingest.registry.repository import CameraRepository
from services.ingest.service.camera_events import CameraEvents
from services.ingest.service.camera_registry import CameraRegistry
from services.ingest.service.discovery import Discovery
from services.ingest.service.live import PRESERIALIZED, Live
from services.ingest.service.online_rates import OnlineRatesService
from services.ingest.service.rights import end_unaware_streams
from services.ingest.service.viewers import Viewers
from services.ingest.session import CameraSession, SessionParts
from services.ingest.sources.network import SourceNetwork, trusting
from services.ingest.sources.opening import open_source
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.source import Source
from services.ingest.status.board import StatusBoard
from services.ingest.status.gaps import GapLedger
from services.ingest.status.metrics import StatusMetrics
from services.ingest.status.reporter import GapReporter
from services.ingest.status.repository import StatusRepository
from services.ingest.status.writer import StatusWriter
from services.ingest.stores.placement import Placement
from services.ingest.stores.repository import StoresRepository
from services.ingest.stores.watch import StoresWatch
from services.ingest.supervisor import OpenSession, Supervisor
from snowlight.access.revocation_feed import follow_revocations
from snowlight.access.revocations import Revocations
from snowlight.api.auth.v1 import revocation_pb2_grpc
from snowlight.api.ingest.v1 import (
    camera_pb2_grpc,
    discovery_pb2_grpc,
    event_pb2_grpc,
    live_pb2_grpc,
    online_pb2_grpc,
)
from snowlight.api.storage.v1 import storage_pb2_grpc, store_pb2_grpc
from snowlight.database import open_database
from snowlight.errors import SnowlightError
from snowlight.heap import keep_fragments_on_the_heap
from snowlight.readiness import Readiness
from snowlight.rpc.server import Servicer
from snowlight.runtime import Runtime

LAST_REPORT_SECONDS = 2.0
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
        runtime.channel(runtime.cluster.auth_address) as auth,
    ):
        storage: storage_pb2_grpc.StorageAsyncStub = storage_pb2_grpc.StorageStub(channel)
        commits = Commits(storage, SHARD)
        repository = CameraRepository(database)
        feed = CameraFeed(repository)
        readiness = Readiness(database, clock)
        await readiness.check()
        registered = await repository.placed()
        placement = Placement(
            frozenset(settings.store.by_name()),
            settings.store.name,
            {camera.uid: camera.region for camera in registered},
        )
        cameras = Cameras(
            repository,
            CredentialSealer(runtime.key.derive(KEY_PURPOSE)),
            clock,
            feed.publish,
            placement.check_takes_camera,
            require_dossier=settings.require_dossier,
        )
        board = StatusBoard(clock, GapLedger(), StatusMetrics(runtime.registry))
        statuses = StatusRepository(database)
        reporter = GapReporter(statuses, commits.gaps)
        writer = StatusWriter(board, statuses, reporter.wake)
        await statuses.forget_deleted()
        online = OnlineRepository(database, SHARD)
        days = LocalDays(ZoneInfo(runtime.cluster.time_zone))
        online_writer = OnlineWriter(board.online, online, days, clock)
        await online_writer.restore()
        keeping = await open_keeping(
            runtime,
            settings,
            database,
            commits,
            placement,
            registered,
            board.gaps,
            statuses,
            reporter,
            is_clock_right=lambda: readiness.clock_agrees,
        )
        stores = StoresWatch(
            store_pb2_grpc.StoresStub(channel),
            StoresRepository(database),
            placement,
            keeping.uploads.reroute,
        )
        await stores.restore()
        viewers = Viewers()
        revocations = Revocations(clock)
        discontinuities = await statuses.discontinuities()
        supervisor = Supervisor(
            feed=feed,
            board=board,
            clock=clock,
            pace=Pace(settings.sessions_per_second, clock),
            spec_of=lambda record: _spec(record, cameras),
            new_ring=_ring_opener(settings.ring_bytes, discontinuities),
            open_session=_session_opener(runtime, settings, keeping, lambda: readiness.skew_ms),
            recorded=keeping.recorded,
            on_record=lambda record: placement.place(record.uid, record.region),
            on_dark=viewers.end,
            seen=discontinuities.keys(),
        )
        runtime.health.require("ingest.database", lambda: feed.reachable)
        runtime.health.require("ingest.clock", lambda: readiness.clock_agrees)
        runtime.health.require("ingest.cameras", supervisor.synced.is_set)
        async with (
            _kept_status(writer, reporter, online_writer),
            keeping.spool.running(),
            _running(_upload(keeping, stores, clock.now_ms()), stores.run()),
            keeping.drained(runtime.cluster.drain_seconds),
            _running(keeping.aging.run(), keeping.lost.run()),
            _running(feed.run(), supervisor.run(), readiness.run()),
            _running(
                follow_revocations(revocation_pb2_grpc.RevocationsStub(auth), revocations),
                end_unaware_streams(revocations, viewers),
            ),
            runtime.serve(
                settings.listen,
                Servicer(
                    "snowlight.api.ingest.v1.CameraRegistry",
                    camera_pb2_grpc.add_CameraRegistryServicer_to_server,
                    CameraRegistry(cameras, feed, board, statuses, writer),
                ),
                Servicer(
                    "snowlight.api.ingest.v1.CameraEvents",
                    event_pb2_grpc.add_CameraEventsServicer_to_server,
                    CameraEvents(feed, board),
                ),
                Servicer(
                    "snowlight.api.ingest.v1.Discovery",
                    discovery_pb2_grpc.add_DiscoveryServicer_to_server,
                    Discovery(_source_network(settings), clock),
                ),
                Servicer(
                    "snowlight.api.ingest.v1.OnlineRates",
                    online_pb2_grpc.add_OnlineRatesServicer_to_server,
                    OnlineRatesService(OnlineRates(board.online, online_writer, online, days)),
                ),
                Servicer(
                    "snowlight.api.ingest.v1.Live",
                    live_pb2_grpc.add_LiveServicer_to_server,
                    Live(
                        supervisor,
                        viewers,
                        board,
                        keeping.spool,
                        revocations,
                        wait_seconds=settings.live_wait_seconds,
                    ),
                    preserialized=PRESERIALIZED,
                ),
            ),
        ):
            try:
                yield
            finally:  # streams have no end of their own: draining would wait for them
                feed.close()
                viewers.end_all()


def _spec(record: CameraRecord, cameras: Cameras) -> CameraSpec:
    return CameraSpec(
        uid=record.uid,
        name=record.name,
        source_url=record.source_url,
        credentials=cameras.credentials(record),
        audio=cameras.takes_audio(record),
        camera_class=record.camera_class,
        schedule=record.schedule,
    )


def _ring_opener(cap_bytes: int, discontinuities: Mapping[str, int]) -> Callable[[str], Ring]:
    """`discontinuities`: by camera uid, the count that an earlier run wrote, maybe not its last."""

    def new_ring(uid: str) -> Ring:
        written = discontinuities.get(uid)
        return Ring(cap_bytes, 0 if written is None else written + DISCONTINUITIES_UNWRITTEN)

    return new_ring


def _source_network(settings: IngestSettings) -> SourceNetwork:
    return SourceNetwork(settings.source_networks, tls=trusting(settings.source_authorities))


def _session_opener(
    runtime: Runtime, settings: IngestSettings, keeping: Keeping, skew_ms: Callable[[], int]
) -> OpenSession:
    parts = SessionParts.create(
        runtime.clock,
        keeping.spool,
        keeping.uploads.is_store_out,
        ZoneInfo(runtime.cluster.time_zone),
        skew_ms,
    )
    rounds = ReadRounds()
    network = _source_network(settings)

    def source_of(spec: CameraSpec) -> Source:
        return open_source(
            spec.source_url,
            spec.credentials,
            audio=spec.audio,
            network=network,
            media_dir=settings.media_dir,
            rounds=rounds,
        )

    def open_session(
        spec: CameraSpec, ring: Ring, observer: CameraObserver, ahead: Sequence[tuple[int, int]]
    ) -> CameraSession:
        return CameraSession(
            spec,
            epoch=keeping.epoch,
            open_source=source_of,
            parts=parts,
            ring=ring,
            observer=observer,
            ahead=ahead,
        )

    return open_session


async def _upload(keeping: Keeping, stores: StoresWatch, from_ms: int) -> None:
    """Upload until cancelled, once storage knows the epoch and has told where footage goes."""
    await keeping.term.open(from_ms)
    await stores.known.wait()
    await keeping.uploads.run()


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
async def _kept_status(
    writer: StatusWriter, reporter: GapReporter, online: OnlineWriter
) -> AsyncIterator[None]:
    """Status goes to the database inside, and a last time at the end, when the sessions have ended."""
    async with _running(writer.run(), reporter.run(), online.run()):
        yield
    try:
        await writer.flush()
        await online.round()
        async with asyncio.timeout(LAST_REPORT_SECONDS):
            await reporter.report()
    except (SnowlightError, TimeoutError) as error:
        log.warning("gaps.left", reason=str(error) or "storage did not answer in time")
