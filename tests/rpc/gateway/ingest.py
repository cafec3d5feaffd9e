"""Ingest with the real registry, and pictures that a test hands in."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry

from services.ingest.config import TranscodingSettings
from services.ingest.discovery.search import SearchSettings
from services.ingest.health.repository import HealthRepository
from services.ingest.online.days import LocalDays
from services.ingest.online.rates import OnlineRates
from services.ingest.online.repository import OnlineRepository
from services.ingest.online.writer import OnlineWriter
from services.ingest.registry.cameras import Cameras
from services.ingest.registry.credentials import KEY_PURPOSE, CredentialSealer
from services.ingest.registry.feed import CameraFeed
from services.ingest.registry.repository import CameraRepository
from services.ingest.service.camera_events import CameraEvents
from services.ingest.service.camera_registry import CameraRegistry
from services.ingest.service.discovery import Discovery
from services.ingest.service.health_reports import HealthReportsService
from services.ingest.service.online_rates import OnlineRatesService
from services.ingest.service.transcodes import PRESERIALIZED, Transcodes
from services.ingest.status.board import StatusBoard
from services.ingest.status.gaps import GapLedger
from services.ingest.status.metrics import StatusMetrics
from services.ingest.status.repository import StatusRepository
from services.ingest.status.writer import StatusWriter
from services.ingest.transcoding.metrics import TranscodingMetrics
from services.ingest.transcoding.pool import TranscodingPool
from snowlight.api.ingest.v1 import (
    camera_pb2,
    camera_pb2_grpc,
    discovery_pb2_grpc,
    event_pb2_grpc,
    health_pb2_grpc,
    live_pb2,
    live_pb2_grpc,
    online_pb2_grpc,
    transcoding_pb2_grpc,
)
from snowlight.clock import Clock
from snowlight.database import open_database
from snowlight.errors import NotFoundError, SnowlightError, UnavailableError
from snowlight.media.envelope import encode_fragment, encode_init, encode_spool_data
from snowlight.media.fragment import Fragment, InitSection
from snowlight.media.rendition import MAIN
from snowlight.rpc.server import Servicer
from snowlight.runtime import Runtime
from snowlight.shards import SHARDS
from tests.rpc.sources.playing import LOOPBACK

MIGRATIONS = Path(__file__).parents[3] / "services" / "ingest" / "migrations"
RING_FRAGMENTS = 24


@dataclass
class Picture:
    """What a camera has sent: its ring, and who waits for more."""

    events: list[InitSection | Fragment] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    broken: int = 0


@dataclass(frozen=True)
class SpoolFile:
    """A spool file, and its bytes."""

    listing: live_pb2.SpoolFile
    data: bytes


class Pictures(live_pb2_grpc.LiveServicer):
    """WatchLive, ListSpool and ReadSpool over what a test puts in."""

    def __init__(self) -> None:
        self.cameras: dict[str, Picture] = defaultdict(Picture)
        self.spool: dict[str, list[SpoolFile]] = defaultdict(list)
        self.open_gaps: dict[str, tuple[str, int]] = {}
        self.watched: dict[str, int] = defaultdict(int)
        """How many WatchLive calls run, by camera."""
        self.renditions: dict[str, list[live_pb2.Rendition]] = defaultdict(list)
        self.refused: dict[str, SnowlightError] = {}
        """Why there is no picture, by camera. `{uid}/{rendition}` stands for a rendition here and above."""
        self.listed = 0

    async def send(self, uid: str, *events: InitSection | Fragment) -> None:
        """The camera's session makes these."""
        picture = self.cameras[uid]
        async with picture.news:
            picture.events += events
            picture.news.notify_all()

    async def break_off(self, uid: str) -> None:
        """End all WatchLive calls of the camera."""
        picture = self.cameras[uid]
        async with picture.news:
            picture.broken += 1
            picture.news.notify_all()

    async def WatchLive(  # type: ignore[override]  # noqa: N802
        self, request: live_pb2.WatchLiveRequest, context: Any
    ) -> AsyncIterator[bytes]:
        watched = request.camera_uid
        if request.rendition not in ("", MAIN):
            watched += f"/{request.rendition}"
        if watched in self.refused:
            raise self.refused[watched]
        picture = self.cameras[watched]
        if not picture.events:
            raise UnavailableError("camera.offline", "the camera has no picture")
        self.watched[watched] += 1
        try:
            broken, position = picture.broken, 0
            for event in _ring(picture.events):
                yield _message(event)
            position = len(picture.events)
            while True:
                async with picture.news:
                    while position == len(picture.events) and broken == picture.broken:
                        await picture.news.wait()
                if broken != picture.broken:
                    raise UnavailableError("camera.offline", "the camera went away")
                for event in picture.events[position:]:
                    yield _message(event)
                    position += 1
        finally:
            self.watched[watched] -= 1

    async def ListRenditions(  # noqa: N802
        self, request: live_pb2.ListRenditionsRequest, context: Any
    ) -> live_pb2.ListRenditionsResponse:
        return live_pb2.ListRenditionsResponse(renditions=self.renditions[request.camera_uid])

    async def ListSpool(  # noqa: N802
        self, request: live_pb2.ListSpoolRequest, context: Any
    ) -> live_pb2.ListSpoolResponse:
        self.listed += 1
        cause, since_ms = self.open_gaps.get(request.camera_uid, ("", 0))
        files = [
            file.listing
            for file in self.spool[request.camera_uid]
            if file.listing.start_ms < request.end_ms
            and file.listing.start_ms + file.listing.duration_ms > request.start_ms
        ]
        return live_pb2.ListSpoolResponse(files=files, open_gap_cause=cause, open_gap_start_ms=since_ms)

    async def ReadSpool(  # type: ignore[override]  # noqa: N802
        self, request: live_pb2.ReadSpoolRequest, context: Any
    ) -> AsyncIterator[bytes]:
        for file in self.spool[request.camera_uid]:
            if file.listing.key == request.key:
                end = request.offset + request.length if request.length else None
                wanted = file.data[request.offset : end]
                for start in range(0, len(wanted), 10_000):
                    yield encode_spool_data(wanted[start : start + 10_000])
                return
        raise NotFoundError("spool.gone", "no such spool file")


@dataclass(frozen=True)
class Ingest:
    """Ingest's parts that a test moves by hand."""

    pictures: Pictures
    board: StatusBoard
    health: HealthRepository
    clock: Clock

    def set_state(self, camera: str, uid: str, state: camera_pb2.CameraState.ValueType, reason: str) -> None:
        """The camera's session is in `state` now."""
        status = self.board.session(uid, camera)._camera
        self.board.change_state(status, state, reason, self.clock.now_ms())


@asynccontextmanager
async def run_ingest(runtime: Runtime) -> AsyncIterator[Ingest]:
    """Serve on the cluster's ingest address."""
    url = f"sqlite+aiosqlite:///{runtime.cluster.data_dir / 'ingest.db'}"
    async with open_database(url, service="ingest", migrations=MIGRATIONS) as database:
        repository = CameraRepository(database)
        feed = CameraFeed(repository)
        sealer = CredentialSealer(runtime.key.derive(KEY_PURPOSE))
        cameras = Cameras(repository, sealer, runtime.clock, feed.publish, lambda region, from_region: None)
        board = StatusBoard(runtime.clock, GapLedger(), StatusMetrics(CollectorRegistry()))
        statuses = StatusRepository(database)
        registry = CameraRegistry(cameras, feed, board, statuses, StatusWriter(board, statuses, lambda: None))
        days, kept = LocalDays(ZoneInfo(runtime.cluster.time_zone)), OnlineRepository(database)
        writer = OnlineWriter(board.online, kept, days, runtime.clock, lambda: range(SHARDS))
        await writer.restore(range(SHARDS))
        health = HealthRepository(database)
        pictures = Pictures()
        following = asyncio.create_task(feed.run())
        async with runtime.serve(
            runtime.cluster.ingest_address,
            Servicer(
                "snowlight.api.ingest.v1.CameraRegistry",
                camera_pb2_grpc.add_CameraRegistryServicer_to_server,
                registry,
            ),
            Servicer(
                "snowlight.api.ingest.v1.CameraEvents",
                event_pb2_grpc.add_CameraEventsServicer_to_server,
                CameraEvents(feed, board),
            ),
            Servicer(
                "snowlight.api.ingest.v1.Discovery",
                discovery_pb2_grpc.add_DiscoveryServicer_to_server,
                Discovery(LOOPBACK, runtime.clock, SearchSettings(wait_s=1.5, device_s=2.0)),
            ),
            Servicer(
                "snowlight.api.ingest.v1.OnlineRates",
                online_pb2_grpc.add_OnlineRatesServicer_to_server,
                OnlineRatesService(OnlineRates(board.online, writer, kept, days), health, days),
            ),
            Servicer(
                "snowlight.api.ingest.v1.HealthReports",
                health_pb2_grpc.add_HealthReportsServicer_to_server,
                HealthReportsService(cameras, board.health, health, runtime.clock, lambda uid: None),
            ),
            Servicer(
                "snowlight.api.ingest.v1.Live",
                live_pb2_grpc.add_LiveServicer_to_server,
                pictures,
                preserialized=frozenset({"WatchLive", "ReadSpool"}),
            ),
            Servicer(
                "snowlight.api.ingest.v1.Transcodes",
                transcoding_pb2_grpc.add_TranscodesServicer_to_server,
                Transcodes(_transcoding(runtime)),
                preserialized=PRESERIALIZED,
            ),
        ):
            yield Ingest(pictures, board, health, runtime.clock)
        feed.close()
        following.cancel()


def _transcoding(runtime: Runtime) -> TranscodingPool:
    settings = TranscodingSettings(cores=16, encoder="libx264")
    return TranscodingPool(settings, TranscodingMetrics(CollectorRegistry()), runtime.clock)


def _ring(events: list[InitSection | Fragment]) -> Iterable[InitSection | Fragment]:
    """The newest init section, and what of its session the ring still holds, from a key frame on."""
    last = max(index for index, event in enumerate(events) if isinstance(event, InitSection))
    held = [event for event in events[last + 1 :] if isinstance(event, Fragment)][-RING_FRAGMENTS:]
    keys = [index for index, fragment in enumerate(held) if fragment.independent]
    return [events[last], *(held[keys[0] :] if keys else [])]


def _message(event: InitSection | Fragment) -> bytes:
    return encode_init(event) if isinstance(event, InitSection) else encode_fragment(event)
