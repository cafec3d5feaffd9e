"""Opens the door: its port, its certificate, and what is served behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from services.gateway.access.audit import AuditService
from services.gateway.access.calls import Limits, OpenCalls
from services.gateway.access.camera_watch import CameraWatch
from services.gateway.access.cameras import CamerasService
from services.gateway.access.config import AccessSettings
from services.gateway.access.downloads import DownloadCalls
from services.gateway.access.evidence import PRESERIALIZED as EVIDENCE_PRESERIALIZED
from services.gateway.access.evidence import EvidenceService
from services.gateway.access.exports import ExportCalls
from services.gateway.access.grants import GrantsService
from services.gateway.access.guard import OfficerGuard
from services.gateway.access.holds import HoldCalls
from services.gateway.access.live import LiveWatch
from services.gateway.access.media import PRESERIALIZED as MEDIA_PRESERIALIZED
from services.gateway.access.media import MediaService
from services.gateway.access.metrics import AccessMetrics
from services.gateway.access.officers import Officers
from services.gateway.access.place import Places
from services.gateway.access.recordings import RecordingStreams
from services.gateway.access.snapshot import SnapshotAnswers
from services.gateway.access.streams import Streams
from services.gateway.access.timeline import TimelineAnswers
from services.gateway.access.view import Views
from services.gateway.cameras.journal import CameraJournal
from services.gateway.cameras.listing import CameraLists
from services.gateway.cameras.read_model import CameraModel
from services.gateway.cameras.visible import VisibleCameras
from services.gateway.events.exports import ExportBoard
from services.gateway.events.sights import Sights
from services.gateway.events.telling import Sources
from services.gateway.evidence.camera_clocks import CameraClocks
from services.gateway.evidence.export_files import ExportFiles
from services.gateway.evidence.export_keeping import ExportKeeping
from services.gateway.evidence.export_rights import ExportRights
from services.gateway.evidence.hold_keeping import HoldKeeping
from services.gateway.http.idempotency import Attempts
from services.gateway.http.rates import Rates
from services.gateway.metrics import GatewayMetrics
from services.gateway.peers import Peers
from services.gateway.people.identity import Identity
from services.gateway.pictures import Pictures
from services.gateway.viewing.viewing import Viewing
from snowlight.api.access.v1 import (
    audit_pb2_grpc,
    camera_pb2_grpc,
    evidence_pb2_grpc,
    grant_pb2_grpc,
    media_pb2_grpc,
)
from snowlight.background import running
from snowlight.config import TlsSettings
from snowlight.rpc.keepalive import keepalive
from snowlight.rpc.server import Servicer, serve_grpc
from snowlight.runtime import Runtime

if TYPE_CHECKING:
    from obstore.store import ObjectStore

log = structlog.get_logger(__name__)

_BOUNDS = (
    ("grpc.max_receive_message_length", 1 << 20),
    # A peer that is gone without a word is noticed within a minute.
    *keepalive(each_s=30, answered_within_s=20),
    ("grpc.keepalive_permit_without_calls", 1),
)
_PACKAGE = "snowlight.api.access.v1"


@asynccontextmanager
async def open_door(
    runtime: Runtime,
    settings: AccessSettings,
    peers: Peers,
    cameras: CameraModel,
    journal: CameraJournal,
    exports: ExportBoard,
    viewing: Viewing,
    pictures: Pictures,
    metrics: GatewayMetrics,
    evidence: ObjectStore,
) -> AsyncIterator[None]:
    """Served while the context is open, where the settings say so at all.

    Raises FailedPreconditionError when the address is taken or a certificate cannot be used.
    """
    if settings.listen is None:
        yield
        return
    clock, verifier = runtime.clock, viewing.verifier
    identity = Identity(verifier, peers, cameras, clock, behind_proxy=False)
    visible, attempts = VisibleCameras(identity, cameras), Attempts(runtime.key)
    streams, views = Streams(), Views(peers, viewing.desk, cameras)
    sources = Sources(identity, verifier, viewing.revocations, cameras, journal, exports, Sights(), clock)
    media = MediaService(
        LiveWatch(views, visible, pictures.opening, streams, metrics),
        RecordingStreams(views, visible, pictures, streams, metrics, clock),
        TimelineAnswers(identity, visible, pictures.timelines),
        SnapshotAnswers(views, visible, pictures.snapshots, clock),
    )
    servicers: Sequence[Servicer] = (
        Servicer(
            f"{_PACKAGE}.Cameras",
            camera_pb2_grpc.add_CamerasServicer_to_server,
            CamerasService(identity, cameras, CameraLists(cameras), CameraWatch(sources, streams)),
        ),
        Servicer(
            f"{_PACKAGE}.Media",
            media_pb2_grpc.add_MediaServicer_to_server,
            media,
            MEDIA_PRESERIALIZED,
        ),
        Servicer(
            f"{_PACKAGE}.Evidence",
            evidence_pb2_grpc.add_EvidenceServicer_to_server,
            _evidence(runtime, peers, cameras, viewing, evidence, identity, visible, attempts, streams),
            EVIDENCE_PRESERIALIZED,
        ),
        Servicer(
            f"{_PACKAGE}.Grants",
            grant_pb2_grpc.add_GrantsServicer_to_server,
            GrantsService(peers, cameras, visible, attempts),
        ),
        Servicer(
            f"{_PACKAGE}.Audit",
            audit_pb2_grpc.add_AuditServicer_to_server,
            AuditService(peers, cameras, visible),
        ),
    )
    async with serve_door(runtime, settings, settings.listen, peers, viewing, servicers):
        try:
            yield
        finally:
            streams.close()


@asynccontextmanager
async def serve_door(
    runtime: Runtime,
    settings: AccessSettings,
    listen: str,
    peers: Peers,
    viewing: Viewing,
    servicers: Sequence[Servicer],
) -> AsyncIterator[None]:
    """Serve `servicers` to clients with certificates while the context is open. Raises as `open_door`."""
    clock = runtime.clock
    metrics = AccessMetrics(runtime.registry)
    officers = Officers(peers, viewing.verifier, viewing.revocations, clock)
    limits = Limits(settings.max_streams, settings.max_unary)
    calls = OpenCalls(officers, viewing.revocations, clock, limits, metrics)
    rates = Rates(clock, quota=settings.rate_quota, window_s=settings.rate_window_seconds)
    guard = OfficerGuard(officers, calls, rates, clock, metrics, runtime.rpc_metrics, runtime.tracing)
    async with (
        running(calls.run()),
        serve_grpc(
            listen,
            servicers,
            guard,
            tls=TlsSettings(certificate=settings.certificate, key=settings.key, ca=settings.client_ca),
            allow_plaintext=False,
            drain_seconds=runtime.cluster.drain_seconds,
            connection_seconds=settings.connection_seconds,
            reflects=False,  # it would tell of the services behind, whose messages this process knows too
            bounds=_BOUNDS,
        ) as server,
    ):
        log.info("access.listening", address=listen, port=server.port)
        yield


def _evidence(
    runtime: Runtime,
    peers: Peers,
    cameras: CameraModel,
    viewing: Viewing,
    store: ObjectStore,
    identity: Identity,
    visible: VisibleCameras,
    attempts: Attempts,
    streams: Streams,
) -> EvidenceService:
    clock = runtime.clock
    rights = ExportRights(peers, identity, viewing.verifier, viewing.desk)
    files = ExportFiles(rights, store, clock, runtime.cluster.time_zone)
    return EvidenceService(
        ExportCalls(
            ExportKeeping(peers, rights, CameraClocks(peers.workers)),
            rights,
            visible,
            Places(identity, cameras),
            attempts,
            streams,
            clock,
        ),
        DownloadCalls(files, viewing.desk, streams),
        HoldCalls(HoldKeeping(peers, identity), visible, attempts),
    )
