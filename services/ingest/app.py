"""Ingest: registry, sessions, spool and live footage, put together and taken apart in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex

import structlog

from services.ingest.camera_resources.opening import camera_resources
from services.ingest.commit import Commits
from services.ingest.config import IngestSettings
from services.ingest.keeping import Keeping, open_keeping, open_spool
from services.ingest.kubernetes.work import KubernetesWork
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
from services.ingest.registry.placed import PlacedCameras
from services.ingest.registry.repository import CameraRepository
from services.ingest.reporting import open_reporting
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
from services.ingest.shards.drains import DrainRepository
from services.ingest.shards.membership import join
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import Worker
from services.ingest.shards.terms import Terms
from services.ingest.sharing import build_sharing
from services.ingest.sources.network import SourceNetwork, trusting
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.status.following import StateFollower
from services.ingest.stores.placement import Placement
from services.ingest.stores.repository import StoresRepository
from services.ingest.stores.watch import StoresWatch
from services.ingest.transcoding.machine import Together
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

ANSWER_SECONDS = 30.0
"""For a statement of the database: those of a whole county that goes offline at once take five."""

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
            answer_seconds=ANSWER_SECONDS,
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
        placed = PlacedCameras(database)
        registered = await placed.all()
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
        spool = open_spool(runtime, settings)
        shards = ShardRepository(database)
        kubernetes = KubernetesWork(settings.kubernetes, runtime.registry)
        worker = _worker(settings, settings.zone or await kubernetes.zone())
        membership = await join(worker, shards, commits, clock, spool.raise_epoch)
        terms = membership.terms
        reporting = await open_reporting(runtime, database, commits, membership)
        board, statuses = reporting.board, reporting.statuses
        keeping = await open_keeping(
            runtime,
            settings,
            database,
            spool,
            membership,
            commits,
            placement,
            registered,
            board.gaps,
            statuses,
            reporting.gaps,
            is_clock_right=lambda: readiness.clock_agrees,
        )
        await reporting.online.restore(terms.shards)
        stores = StoresWatch(
            store_pb2_grpc.StoresStub(channel),
            StoresRepository(database),
            placement,
            keeping.uploads.reroute,
        )
        await stores.restore()
        viewers = Viewers()
        together = settings.transcode.together
        transcoding = TranscodingPool(
            settings.transcode,
            TranscodingMetrics(runtime.registry),
            clock,
            Together(together, settings.worker) if together is not None else None,
        )
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
        sharing = build_sharing(
            clock, membership, repository, placed, reporting, keeping, supervisor, discontinuities
        )
        keeper = sharing.keeper
        follower = StateFollower(board, statuses, terms.owns, supervisor.name_of, lambda: membership.has_all)
        shards_told = ShardsService(shards, keeper)
        publishers = RegisteredPublishers(repository.get)
        publishing = Publishing(desk, keeper.check_owns)
        runtime.health.require("ingest.database", lambda: feed.reachable)
        runtime.health.require("ingest.clock", lambda: readiness.clock_agrees)
        runtime.health.require("ingest.cameras", supervisor.synced.is_set)
        async with (
            reporting.kept(),
            keeping.spool.running(),
            running(terms.run(), _upload(keeping, terms, stores), stores.run()),
            keeping.drained(runtime.cluster.drain_seconds),
            running(keeping.aging.run(), keeping.lost.run(), keeping.absent.run()),
            running(
                feed.run(),
                supervisor.run(),
                renditions.run(),
                keeper.run(),
                sharing.balancer.run(),
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
                    CameraRegistry(cameras, feed, board, statuses, reporting.writer, keeper.check_owns),
                    CameraEvents(feed, board),
                    Discovery(network, clock),
                    shards_told,
                    publishing,
                    OnlineRatesService(reporting.rates, reporting.health, reporting.days),
                    HealthReportsService(cameras, board.health, reporting.health, clock, keeper.check_owns),
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


def _worker(settings: IngestSettings, zone: str) -> Worker:
    """This run of the worker that the settings name."""
    return Worker(
        settings.worker,
        token_hex(8),
        settings.advertise or "",
        settings.weight,
        zone,
        settings.kubernetes.pod or "",
    )


async def _upload(keeping: Keeping, terms: Terms, stores: StoresWatch) -> None:
    """Upload until cancelled, once storage knows the epochs and has told where footage goes."""
    await terms.open()
    await stores.known.wait()
    await keeping.uploads.run()
