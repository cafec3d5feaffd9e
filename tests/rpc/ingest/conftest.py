"""The registry served over real gRPC, without sessions; and ingest with a village to record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from prometheus_client import CollectorRegistry

from services.ingest.registry.cameras import Cameras
from services.ingest.registry.credentials import KEY_PURPOSE, CredentialSealer
from services.ingest.registry.feed import CameraFeed
from services.ingest.registry.repository import CameraRepository
from services.ingest.service.camera_events import CameraEvents
from services.ingest.service.camera_registry import CameraRegistry
from services.ingest.status.board import StatusBoard
from services.ingest.status.gaps import GapLedger
from services.ingest.status.metrics import StatusMetrics
from services.ingest.status.repository import StatusRepository
from services.ingest.status.writer import StatusWriter
from simulator.server import CameraServer, serve_cameras
from snowlight.access.cluster_key import ClusterKey
from snowlight.access.service_token import ServiceTokens
from snowlight.api.ingest.v1 import camera_pb2_grpc, event_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import ClusterSettings, TlsSettings
from snowlight.database import Database, open_database
from snowlight.observability.metrics import RpcMetrics
from snowlight.rpc.channel import open_channel
from snowlight.rpc.interceptors import Guard
from snowlight.rpc.server import Servicer, serve_grpc
from tests.parts.callers import PermittedChannel
from tests.parts.migrated import INGEST, migrated_database
from tests.rpc.ingest.cluster import Client, cluster_settings, running_ingest, running_storage
from tests.rpc.ingest.village import GATE

KEY = ClusterKey("a cluster key that is long enough for a test")
MIGRATIONS = Path(__file__).parents[3] / "services" / "ingest" / "migrations"

database_url = migrated_database(INGEST)


@dataclass(frozen=True)
class Registry:
    """A running registry and its parts."""

    stub: camera_pb2_grpc.CameraRegistryAsyncStub
    events: event_pb2_grpc.CameraEventsAsyncStub
    cameras: Cameras
    feed: CameraFeed
    board: StatusBoard
    statuses: StatusRepository
    writer: StatusWriter
    database: Database


@asynccontextmanager
async def serve_registry(database_url: str) -> AsyncIterator[Registry]:
    clock = SystemClock()
    async with open_database(database_url, service="ingest", migrations=MIGRATIONS) as database:
        metrics = CollectorRegistry()
        repository = CameraRepository(database)
        feed = CameraFeed(repository)
        cameras = Cameras(
            repository,
            CredentialSealer(KEY.derive(KEY_PURPOSE)),
            clock,
            feed.publish,
            lambda region, from_region: None,
        )
        board = StatusBoard(clock, GapLedger(), StatusMetrics(metrics))
        statuses = StatusRepository(database)
        board.gaps.restore(await statuses.open_gaps())
        writer = StatusWriter(board, statuses, lambda: None)
        servicers = [
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
        ]
        guard = Guard(ServiceTokens(KEY, "ingest", clock), RpcMetrics(metrics))
        polling = asyncio.create_task(feed.run())
        async with serve_grpc(
            "127.0.0.1:0", servicers, guard, tls=TlsSettings(), allow_plaintext=False, drain_seconds=2
        ) as server:

            def open_named(caller: str, port: int = server.port) -> grpc.aio.Channel:
                return open_channel(f"127.0.0.1:{port}", ServiceTokens(KEY, caller, clock), TlsSettings())

            async with PermittedChannel(open_named) as channel:
                stub: camera_pb2_grpc.CameraRegistryAsyncStub = camera_pb2_grpc.CameraRegistryStub(channel)
                events: event_pb2_grpc.CameraEventsAsyncStub = event_pb2_grpc.CameraEventsStub(channel)
                yield Registry(stub, events, cameras, feed, board, statuses, writer, database)
            feed.close()
        polling.cancel()
        await asyncio.wait([polling])


@pytest.fixture
async def registry(database_url: str) -> AsyncIterator[Registry]:
    async with serve_registry(database_url) as running:
        yield running


@pytest.fixture
async def village(loops: Path) -> AsyncIterator[CameraServer]:
    async with serve_cameras([GATE], loops) as server:
        await server.encoded()
        yield server


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[ClusterSettings]:
    settings = cluster_settings(tmp_path)
    async with running_storage(settings):
        yield settings


@pytest.fixture
async def ingest(cluster: ClusterSettings) -> AsyncIterator[Client]:
    async with running_ingest(cluster) as client:
        yield client
