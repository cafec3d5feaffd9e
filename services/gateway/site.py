"""The gateway's site: all its routes, and what each of them needs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from math import inf
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from aiohttp import web

from services.gateway.archive.dvr_routes import DvrRoutes
from services.gateway.archive.ladder import Ladders
from services.gateway.archive.near_routes import NearRoutes
from services.gateway.archive.part_routes import ArchivePartRoutes
from services.gateway.archive.presigned import Presigner
from services.gateway.archive.rendered import RenderedFootage
from services.gateway.archive.rendition_routes import RenditionRoutes
from services.gateway.archive.routes import ArchiveRoutes
from services.gateway.archive.timeline_routes import TimelineRoutes
from services.gateway.audit.routes import AuditRoutes
from services.gateway.cameras.discovery import DiscoveryRoutes
from services.gateway.cameras.health_routes import HealthRoutes
from services.gateway.cameras.import_routes import CameraFileRoutes
from services.gateway.cameras.importing import CameraImport
from services.gateway.cameras.journal import CameraJournal
from services.gateway.cameras.listing import CameraLists
from services.gateway.cameras.own_tickets import OwnTicketRoutes
from services.gateway.cameras.publish_keys import PublishKeyRoutes
from services.gateway.cameras.read_model import CameraModel
from services.gateway.cameras.routes import CameraRoutes
from services.gateway.cameras.tickets import TicketRoutes
from services.gateway.cameras.visible import VisibleCameras
from services.gateway.config import GatewaySettings
from services.gateway.consent.consents import ConsentRoutes
from services.gateway.consent.dossiers import DossierRoutes
from services.gateway.consent.grants import GrantRoutes
from services.gateway.consent.resources import Desk
from services.gateway.consent.subjects import SubjectRoutes
from services.gateway.console import Console, find_console
from services.gateway.events.exports import ExportBoard
from services.gateway.events.routes import EventRoutes
from services.gateway.events.sights import Sights
from services.gateway.events.telling import Sources
from services.gateway.evidence.camera_clocks import CameraClocks
from services.gateway.evidence.downloads import DownloadRoutes
from services.gateway.evidence.export_files import ExportFiles
from services.gateway.evidence.export_keeping import ExportKeeping
from services.gateway.evidence.export_rights import ExportRights
from services.gateway.evidence.exports import ExportRoutes
from services.gateway.evidence.hold_keeping import HoldKeeping
from services.gateway.evidence.holds import HoldRoutes
from services.gateway.http.bodies import timely_bodies
from services.gateway.http.connection import bounded_headers
from services.gateway.http.cross_origin import preflights
from services.gateway.http.edges import edge, mark
from services.gateway.http.idempotency import Attempts
from services.gateway.http.openapi import with_document
from services.gateway.http.problems import problems
from services.gateway.http.rates import Rates, limited
from services.gateway.http.request_ids import tell_id, traced
from services.gateway.http.routes import Route, add_routes
from services.gateway.live.hub import LiveHubs
from services.gateway.live.routes import LiveRoutes
from services.gateway.live.variants import Variants
from services.gateway.metrics import GatewayMetrics
from services.gateway.operations.integrity import IntegrityRoutes
from services.gateway.operations.offline import OfflineRoutes
from services.gateway.operations.online_rate import OnlineRateRoutes
from services.gateway.operations.storage import StorageRoutes
from services.gateway.peers import Peers
from services.gateway.people.account import AccountRoutes
from services.gateway.people.client_auth import ClientAuth
from services.gateway.people.devices import DeviceRoutes
from services.gateway.people.identity import Identity
from services.gateway.people.oidc import OidcRoutes
from services.gateway.people.principals import PrincipalRoutes
from services.gateway.people.regions import RegionRoutes
from services.gateway.people.sessions import SessionCookie, SessionRoutes
from services.gateway.people.tokens import TokenRoutes
from services.gateway.pictures import Pictures
from services.gateway.snapshot.key_frames import KeyFrames
from services.gateway.snapshot.plan import Layout
from services.gateway.snapshot.preview_routes import PreviewRoutes
from services.gateway.snapshot.routes import SnapshotRoutes
from services.gateway.snapshot.sheet_answers import SheetAnswers
from services.gateway.snapshot.sheets import Sheets, lapse_key
from services.gateway.snapshot.stored import StoredSheets
from services.gateway.snapshot.timelapse_routes import TimelapseRoutes
from services.gateway.tickets import TicketCheck
from services.gateway.transport_stream.archive_routes import ArchiveStreamRoutes
from services.gateway.transport_stream.live_routes import LiveStreamRoutes
from services.gateway.viewing.viewing import Viewing
from services.gateway.wall.routes import WallRoutes
from services.gateway.workspace.favourites import FavouriteRoutes
from services.gateway.workspace.layouts import WallLayoutRoutes
from snowlight.background import running
from snowlight.media.preview import LAPSE_MS, SHEET_MS
from snowlight.runtime import Runtime

if TYPE_CHECKING:
    from obstore.store import ObjectStore


def build_site(
    runtime: Runtime,
    settings: GatewaySettings,
    peers: Peers,
    cameras: CameraModel,
    journal: CameraJournal,
    exports: ExportBoard,
    hubs: LiveHubs,
    pictures: Pictures,
    viewing: Viewing,
    metrics: GatewayMetrics,
    stores: Mapping[str, ObjectStore],
    evidence: ObjectStore,
) -> web.Application:
    """All routes of the site."""
    clock, behind_proxy = runtime.clock, settings.behind_proxy
    verifier, sending = viewing.verifier, viewing.sending
    identity = Identity(verifier, peers, cameras, clock, behind_proxy=behind_proxy)
    tickets = TicketCheck(verifier, viewing.desk, cameras, behind_proxy=behind_proxy)
    opening, index, reader = pictures.opening, pictures.index, pictures.reader
    rendered = RenderedFootage(peers, reader)
    presigner = Presigner(stores, settings.archive_presign_seconds if settings.archive_presign else None)
    key_frames = KeyFrames(index, reader, metrics)
    stored_sheets = StoredSheets(stores)
    sheets = Sheets(index, key_frames, stored_sheets, clock, metrics)
    thumbnails = Sheets(
        index,
        key_frames,
        stored_sheets,
        clock,
        metrics,
        Layout(LAPSE_MS, max(1, settings.thumbnail_minutes) * 60_000),
        key_of=lapse_key,
        stored_ms=inf,
    )
    attempts = Attempts(runtime.key)
    lists = CameraLists(cameras)
    camera_routes = CameraRoutes(peers, identity, cameras, lists, attempts, clock)
    export_rights = ExportRights(peers, identity, verifier, viewing.desk)
    visible = VisibleCameras(identity, cameras)
    exports_kept = ExportKeeping(peers, export_rights, CameraClocks(peers.workers))
    desk = Desk(identity, cameras, attempts)
    client_auth, session = (
        ClientAuth(settings.client_certificate_header),
        SessionCookie(behind_proxy=behind_proxy),
    )
    devices = DeviceRoutes(peers, identity, public_url=settings.public_url, behind_proxy=behind_proxy)
    wall = WallRoutes(tickets, opening, metrics)
    events = EventRoutes(
        Sources(
            identity,
            verifier,
            viewing.revocations,
            cameras,
            journal,
            exports,
            Sights(),
            clock,
        )
    )
    table: list[Route] = [
        *TokenRoutes(peers, client_auth, behind_proxy=behind_proxy).routes(),
        *SessionRoutes(peers, session, behind_proxy=behind_proxy).routes(),
        *OidcRoutes(peers, session, behind_proxy=behind_proxy).routes(),
        *devices.routes(),
        *AccountRoutes(peers, identity).routes(),
        *RegionRoutes(identity).routes(),
        *PrincipalRoutes(peers, identity, attempts).routes(),
        *camera_routes.routes(),
        *PublishKeyRoutes(
            peers,
            identity,
            camera_routes,
            rtmp=settings.publish_rtmp_address,
            rtsp=settings.publish_rtsp_address,
        ).routes(),
        *CameraFileRoutes(CameraImport(peers, identity, cameras, clock), identity, cameras).routes(),
        *DiscoveryRoutes(peers, identity, cameras).routes(),
        *TicketRoutes(peers, identity, camera_routes, viewing.revocations, clock).routes(),
        *OwnTicketRoutes(peers, identity, verifier, viewing.desk).routes(),
        *AuditRoutes(peers, identity, cameras).routes(),
        *ConsentRoutes(peers, desk, cameras).routes(),
        *GrantRoutes(peers, desk).routes(),
        *SubjectRoutes(peers, identity, camera_routes, desk).routes(),
        *DossierRoutes(identity, cameras, camera_routes).routes(),
        *TimelineRoutes(pictures.timelines, identity, camera_routes).routes(),
        *NearRoutes(identity, cameras, pictures.timelines, clock).routes(),
        *WallLayoutRoutes(peers, identity, cameras, attempts).routes(),
        *FavouriteRoutes(peers, identity, cameras).routes(),
        *HoldRoutes(identity, HoldKeeping(peers, identity), visible, attempts).routes(),
        *HealthRoutes(peers, identity, camera_routes).routes(),
        *OnlineRateRoutes(peers, identity, cameras).routes(),
        *IntegrityRoutes(peers, identity, ZoneInfo(runtime.cluster.time_zone), clock).routes(),
        *OfflineRoutes(identity, cameras, lists).routes(),
        *StorageRoutes(peers, identity).routes(),
        *ExportRoutes(identity, export_rights, exports_kept, visible, cameras, attempts, clock).routes(),
        *DownloadRoutes(
            identity, ExportFiles(export_rights, evidence, clock, runtime.cluster.time_zone), sending
        ).routes(),
        *LiveRoutes(tickets, opening, hubs, Variants(peers, cameras, hubs, clock), sending, metrics).routes(),
        *wall.routes(),
        *events.routes(),
        *SnapshotRoutes(tickets, pictures.snapshots, sending).routes(),
        *ArchiveRoutes(tickets, index, reader, presigner, rendered, Ladders(peers, reader), clock).routes(),
        *DvrRoutes(tickets, index, clock).routes(),
        *ArchivePartRoutes(tickets, index, reader, sending, metrics).routes(),
        *RenditionRoutes(tickets, index, rendered, sending, metrics).routes(),
        *LiveStreamRoutes(tickets, opening, sending, metrics).routes(),
        *ArchiveStreamRoutes(tickets, index, reader, sending, clock, metrics).routes(),
        *PreviewRoutes(
            tickets,
            key_frames,
            SheetAnswers(tickets, sheets, sending, sheet_ms=SHEET_MS, name="sheet"),
            sending,
        ).routes(),
        *(
            TimelapseRoutes(
                SheetAnswers(tickets, thumbnails, sending, sheet_ms=LAPSE_MS, name="timelapse")
            ).routes()
            if settings.thumbnail_minutes
            else ()
        ),
    ]
    rates = Rates(clock, quota=settings.rate_quota, window_s=settings.rate_window_seconds)
    console = Console(find_console(settings.console_dir), runtime.cluster.time_zone)
    site = web.Application(
        middlewares=[
            traced(runtime.tracing, behind_proxy=behind_proxy),
            edge(metrics),
            bounded_headers,
            problems(console.answer),
            preflights,
            limited(rates, identity.caller),
            timely_bodies(
                settings.body_seconds,
                streamed={route.path for route in table if route.streams_body},
                small={route.path for route in table if route.small_body},
            ),
        ],
        client_max_size=settings.max_body_bytes,
    )
    site.on_response_prepare.extend((mark, tell_id))
    site.cleanup_ctx.append(lambda _site: running(console.compress()))
    site.on_shutdown.append(wall.close)
    site.on_shutdown.append(events.close)
    add_routes(site, with_document(table, version("snowlight")))
    site.router.add_route("GET", "/hls/{rest:.*}", tickets.refuse)
    return site
