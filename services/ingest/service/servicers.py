"""All that ingest serves, by the names of the contract."""

from __future__ import annotations

from services.ingest.service.camera_events import CameraEvents
from services.ingest.service.camera_registry import CameraRegistry
from services.ingest.service.discovery import Discovery
from services.ingest.service.health_reports import HealthReportsService
from services.ingest.service.live import PRESERIALIZED as LIVE_PRESERIALIZED
from services.ingest.service.live import Live
from services.ingest.service.online_rates import OnlineRatesService
from services.ingest.service.publishing import Publishing
from services.ingest.service.shards import ShardsService
from services.ingest.service.transcodes import PRESERIALIZED as TRANSCODES_PRESERIALIZED
from services.ingest.service.transcodes import Transcodes
from snowlight.api.ingest.v1 import (
    camera_pb2_grpc,
    discovery_pb2_grpc,
    event_pb2_grpc,
    health_pb2_grpc,
    live_pb2_grpc,
    online_pb2_grpc,
    publishing_pb2_grpc,
    shard_pb2_grpc,
    transcoding_pb2_grpc,
)
from snowlight.rpc.server import Servicer

_PACKAGE = "snowlight.api.ingest.v1"


def servicers(
    registry: CameraRegistry,
    events: CameraEvents,
    discovery: Discovery,
    shards: ShardsService,
    publishing: Publishing,
    rates: OnlineRatesService,
    health: HealthReportsService,
    live: Live,
    transcodes: Transcodes,
) -> tuple[Servicer, ...]:
    """One of each."""
    return (
        Servicer(
            f"{_PACKAGE}.CameraRegistry", camera_pb2_grpc.add_CameraRegistryServicer_to_server, registry
        ),
        Servicer(f"{_PACKAGE}.CameraEvents", event_pb2_grpc.add_CameraEventsServicer_to_server, events),
        Servicer(f"{_PACKAGE}.Discovery", discovery_pb2_grpc.add_DiscoveryServicer_to_server, discovery),
        Servicer(f"{_PACKAGE}.Shards", shard_pb2_grpc.add_ShardsServicer_to_server, shards),
        Servicer(f"{_PACKAGE}.Publishing", publishing_pb2_grpc.add_PublishingServicer_to_server, publishing),
        Servicer(f"{_PACKAGE}.OnlineRates", online_pb2_grpc.add_OnlineRatesServicer_to_server, rates),
        Servicer(f"{_PACKAGE}.HealthReports", health_pb2_grpc.add_HealthReportsServicer_to_server, health),
        Servicer(
            f"{_PACKAGE}.Live",
            live_pb2_grpc.add_LiveServicer_to_server,
            live,
            preserialized=LIVE_PRESERIALIZED,
        ),
        Servicer(
            f"{_PACKAGE}.Transcodes",
            transcoding_pb2_grpc.add_TranscodesServicer_to_server,
            transcodes,
            preserialized=TRANSCODES_PRESERIALIZED,
        ),
    )
