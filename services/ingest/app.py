"""Ingest: registry, sessions, spool and live footage, put together and taken apart in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from zoneinfo import ZoneInfo

import structlog

from services.ingest.camera_resources.opening import camera_resources
from services.ingest.commit import Commits
from services.ingest.config import IngestSettings
from services.ingest.health.metrics import HealthMetrics
from services.ingest.health.repository import HealthRepository
from services.ingest.health.writer import HealthWriter
from services.ingest.keeping import Keeping, open_keeping, open_spool
from services.ingest.kubernetes.work import KubernetesWork
from services.ingest.online.days import LocalDays
from services.ingest.online.rates import OnlineRates
from services.ingest.online.repository import OnlineRepository
from services.ingest.online.writer import OnlineWriter
from services.ingest.publishing.desk import PublishDesk
from services.ingest.publishing.forwarding.forwarder import Forwarder
from services.ingest.publishing.keys import AuthKeys
from services.ingest.publishing.listeners import open_listeners
from services.ingest.publishing.metrics import PublishingMetrics
from services.ingest.publishing.registered import RegisteredPublishers
from services.ingest.receiving import build_receiving
from services.ingest.registry.cameras import Cameras
from services.ingest.registry.credentials import KEY_PURPOSE, CredentialSealer
from services.ingest.registry.feed import CameraFeed
from services.ingest.registry.repository import CameraRepository
from services.ingest.service.camera_events import CameraEvents
from services.ingest.service.camera_registry import CameraRegistry
from services.ingest.service.discovery import Discovery
from services.ingest.service.health_reports import HealthReportsService
from services.ingest.service.live import Live
from services.ingest.service.online_rates import OnlineRatesService
from services.ingest.service.publishing import Publishing
from services.ingest.service.rights import end_unaware_streams
from services.ingest.service.servicers import servicers
from services.ingest.service.shards import ShardsService
from services.ingest.service.transcodes import Transcodes
from services.ingest.service.viewers import Viewers
from services.ingest.shards.balancer import Balancer
from services.ingest.shards.drains import DrainRepository
from services.ingest.shards.holding import Holding
from services.ingest.shards.keeper import ShardKeeper
from services.ingest.shards.load import LoadMeter
from services.ingest.shards.membership import join
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import Worker
from services.ingest.shards.terms import Terms
from services.ingest.sources.network import SourceNetwork, trusting
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.status.board import StatusBoard
from services.ingest.status.following import StateFollower
from services.ingest.status.gaps import GapLedger
from services.ingest.status.kept import kept_status
from services.ingest.status.metrics import StatusMetrics
from services.ingest.status.reporter import GapReporter
from services.ingest.status.repository import StatusRepository
from services.ingest.status.writer import StatusWriter
from services.ingest.stores.placement import Placement
from services.ingest.stores.repository import StoresRepository
from services.ingest.stores.watch import StoresWatch
from services.ingest.transcoding.metrics import TranscodingMetrics
from services.ingest.transcoding.pool import TranscodingPool
from snowlight.access.revocation_feed import follow_revocations
from snowlight.access.revocations import Revocations
from snowlight.api.auth.v1 import publish_pb2_grpc, revocation_pb2_grpc
from snowlight.api.storage.v1 import storage_pb2_grpc, store_pb2_grpc
from snowlight.background import running
from snowlight.database import Migrate, migrate_here, open_database
from snowlight.heap import keep_fragments_on_the_heap
from snowlight.open_files import allow_open_files
from snowlight.readiness import Readiness
from snowlight.runtime import Runtime

HAND_OVER_SECONDS = 60.0
"""How long other workers may take to have the cameras of one that stops."""

log = structlog.get_logger(__name__)


@asynccontextmanager
async def run_ingest(
    runtime: Runtime,
    settings: IngestSettings,
    migrate: Migrate = migrate_here,
    *,
    shares_ports: bool = False,
) -> AsyncIterator[None]:
    """Ingest is up inside. On the way out streams end, sessions close, and spool and gaps are handed on.

    `shares_ports`: other workers of this machine listen for cameras at the same ports.
    """
    keep_fragments_on_the_heap()
    allow_open_files()
    data_dir = runtime.cluster.data_dir
    clock = runtime.clock
    async with (
        open_database(
            settings.database_url or f"sqlite+aiosqlite:///{data_dir / 'ingest.db'}",
            service="ingest",
            migrations=Path(__file__).parent / "migrations",
            migrate=migrate,
        ) as database,
        runtime.channel(runtime.cluster.storage_address) as channel,
        runtime.channel(runtime.cluster.auth_address) as auth,
    ):
        storage: storage_pb2_grpc.StorageAsyncStub = storage_pb2_grpc.StorageStub(channel)
        commits = Commits(storage)
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
        spool = open_spool(runtime, settings)
        shards = ShardRepository(database)
        kubernetes = KubernetesWork(settings.kubernetes, runtime.registry)
        worker = Worker(
            settings.worker,
            token_hex(8),
            settings.advertise or "",
            settings.weight,
            settings.zone or await kubernetes.zone(),
            settings.kubernetes.pod or "",
        )
        membership = await join(worker, shards, commits, clock, spool.raise_epoch)
        terms, fence = membership.terms, membership.fence
        board.metrics.count_shards(lambda: len(terms.shards))
        online = OnlineRepository(database)
        days = LocalDays(ZoneInfo(runtime.cluster.time_zone))
        online_writer = OnlineWriter(board.online, online, days, clock, lambda: terms.shards)
        await online_writer.restore(terms.shards)
        health = HealthRepository(database)
        health_writer = HealthWriter(
            board.health, health, HealthMetrics(runtime.registry), clock, board.change_health
        )
        keeping = await open_keeping(
            runtime,
            settings,
            database,
            spool,
            terms,
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
        transcoding = TranscodingPool(settings.transcode, TranscodingMetrics(runtime.registry), clock)
        revocations = Revocations(clock)
        desk = PublishDesk(revocations)
        rounds = ReadRounds()
        discontinuities = await statuses.discontinuities()
        network = SourceNetwork(settings.source_networks, tls=trusting(settings.source_authorities))
        receiving = build_receiving(
            runtime,
            settings,
            feed,
            cameras,
            board,
            placement,
            keeping,
            membership,
            readiness,
            network,
            rounds,
            desk,
            viewers,
            transcoding,
            discontinuities,
        )
        supervisor, renditions = receiving.supervisor, receiving.renditions
        holding = Holding(
            terms,
            repository,
            statuses,
            board.gaps,
            writer,
            online_writer,
            discontinuities,
            supervisor,
            keeping.absent,
        )
        keeper = ShardKeeper(
            shards,
            worker,
            terms,
            fence,
            clock,
            holding.take,
            holding.give,
            supervisor.review,
            supervisor.hand_over.stand_by,
            supervisor.hand_over.awaited,
            supervisor.cameras_by_shard,
            LoadMeter(spool, lambda: supervisor.enabled_in(terms.shards), clock).load,
        )
        follower = StateFollower(board, statuses, terms.owns, supervisor.name_of, lambda: membership.has_all)
        balancer = Balancer(shards, health, clock, membership.has_duty)
        shards_told = ShardsService(shards, keeper)
        publishers = RegisteredPublishers(repository.get)
        publishing = Publishing(desk, keeper.check_owns)
        runtime.health.require("ingest.database", lambda: feed.reachable)
        runtime.health.require("ingest.clock", lambda: readiness.clock_agrees)
        runtime.health.require("ingest.cameras", supervisor.synced.is_set)
        async with (
            kept_status(writer, reporter, online_writer, health_writer),
            keeping.spool.running(),
            running(terms.run(), _upload(keeping, terms, stores), stores.run()),
            keeping.drained(runtime.cluster.drain_seconds),
            running(keeping.aging.run(), keeping.lost.run(), keeping.absent.run()),
            running(
                feed.run(),
                supervisor.run(),
                renditions.run(),
                keeper.run(),
                balancer.run(),
                follower.run(supervisor.synced),
                readiness.run(),
                *kubernetes.tasks(
                    worker.id,
                    shards,
                    DrainRepository(database),
                    clock,
                    has_duty=membership.has_duty,
                    cameras=lambda: supervisor.enabled() if supervisor.synced.is_set() else None,
                    on_zone=keeper.move_to,
                ),
                *camera_resources(
                    settings.kubernetes,
                    kubernetes,
                    cameras,
                    feed,
                    board,
                    clock,
                    runtime.registry,
                    has_duty=membership.has_duty,
                ),
            ),
            running(
                follow_revocations(revocation_pb2_grpc.RevocationsStub(auth), revocations),
                end_unaware_streams(revocations, viewers),
            ),
            open_listeners(
                desk,
                publishers,
                AuthKeys(publish_pb2_grpc.PublishKeysStub(auth)),
                Forwarder(desk, publishers, keeper.address_of, runtime.channel),
                rounds,
                PublishingMetrics(runtime.registry),
                rtmp=settings.publish_rtmp_listen,
                rtsp=settings.publish_rtsp_listen,
                shared=shares_ports,
            ),
            runtime.serve(
                settings.listen,
                *servicers(
                    CameraRegistry(cameras, feed, board, statuses, writer, keeper.check_owns),
                    CameraEvents(feed, board),
                    Discovery(network, clock),
                    shards_told,
                    publishing,
                    OnlineRatesService(OnlineRates(board.online, online_writer, online, days), health, days),
                    HealthReportsService(cameras, board.health, health, clock, keeper.check_owns),
                    Live(
                        supervisor,
                        viewers,
                        board,
                        keeping.spool,
                        revocations,
                        renditions,
                        keeper.check_owns,
                        wait_seconds=settings.live_wait_seconds,
                    ),
                    Transcodes(transcoding),
                ),
            ),
        ):
            try:
                yield
                await keeper.drain(HAND_OVER_SECONDS)
            finally:  # streams have no end of their own: draining would wait for them
                feed.close()
                shards_told.close()
                publishing.close()
                viewers.end_all()


async def _upload(keeping: Keeping, terms: Terms, stores: StoresWatch) -> None:
    """Upload until cancelled, once storage knows the epochs and has told where footage goes."""
    await terms.open()
    await stores.known.wait()
    await keeping.uploads.run()
