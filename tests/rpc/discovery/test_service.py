"""Discovery over gRPC: what may be asked, and what is told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry

from services.ingest.service.discovery import Discovery
from services.ingest.sources.network import SourceNetwork
from snowlight.access.cluster_key import ClusterKey
from snowlight.access.service_token import ServiceTokens
from snowlight.api.ingest.v1 import discovery_pb2, discovery_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import TlsSettings
from snowlight.errors import SnowlightError
from snowlight.observability.metrics import RpcMetrics
from snowlight.rpc.channel import open_channel
from snowlight.rpc.interceptors import Guard
from snowlight.rpc.server import Servicer, serve_grpc
from snowlight.rpc.status import remote_errors
from tests.rpc.discovery.devices import HASTY, SECRET, device, hosts, on_air
from tests.rpc.sources.playing import LOOPBACK

KEY = ClusterKey("a cluster key that is long enough for a test")


@pytest.fixture
async def stub() -> AsyncIterator[discovery_pb2_grpc.DiscoveryAsyncStub]:
    clock = SystemClock()
    servicer = Servicer(
        "snowlight.api.ingest.v1.Discovery",
        discovery_pb2_grpc.add_DiscoveryServicer_to_server,
        Discovery(SourceNetwork(LOOPBACK.allowed), clock, HASTY),
    )
    guard = Guard(ServiceTokens(KEY, "ingest", clock), RpcMetrics(CollectorRegistry()))
    async with (
        serve_grpc(
            "127.0.0.1:0", [servicer], guard, tls=TlsSettings(), allow_plaintext=False, drain_seconds=2
        ) as server,
        open_channel(
            f"127.0.0.1:{server.port}", ServiceTokens(KEY, "gateway", clock), TlsSettings()
        ) as channel,
    ):
        opened: discovery_pb2_grpc.DiscoveryAsyncStub = discovery_pb2_grpc.DiscoveryStub(channel)
        yield opened


async def answers(
    stub: discovery_pb2_grpc.DiscoveryAsyncStub, **fields: object
) -> list[discovery_pb2.FoundCamera]:
    request = discovery_pb2.DiscoverCamerasRequest(**fields)  # type: ignore[arg-type]
    with remote_errors("services/ingest"):
        return [found async for found in stub.DiscoverCameras(request)]


async def test_a_found_camera_is_told_with_all_that_registering_it_takes(
    stub: discovery_pb2_grpc.DiscoveryAsyncStub,
) -> None:
    (host,) = hosts(1)
    async with on_air([device(host, ptz=True)]):
        (found,) = await answers(stub, networks=[host], username="admin", password=SECRET.password)
    assert (found.address, found.display_name, found.location) == (host, "村口 1", "石桥村")
    assert (found.main_url, found.sub_url) == (f"rtsp://{host}:554/large", f"rtsp://{host}:554/small")
    assert (found.video_codec, found.width, found.height, found.ptz) == ("h264", 1920, 1080, True)
    assert found.problem == ""
    assert SECRET.password not in str(found)


async def test_a_wrong_password_is_told_of_the_device(stub: discovery_pb2_grpc.DiscoveryAsyncStub) -> None:
    (host,) = hosts(1)
    async with on_air([device(host)]):
        (found,) = await answers(stub, networks=[host], username="admin", password="guessed")
    assert found.problem.startswith("camera.auth_failed: ")
    assert found.main_url == ""


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"networks": ["10.1.0.0/24"]}, "camera.host_denied", "networks"),
        ({"networks": ["127.0.0.0/19"]}, "request.invalid", "networks"),
        ({"networks": ["gate.example"]}, "request.invalid", "networks"),
        ({"networks": ["::1"]}, "request.invalid", "networks"),
        ({"interface": "eth0"}, "request.invalid", "interface"),
        ({"interface": "192.0.2.1"}, "camera.unreachable", ""),
        ({"username": "a" * 300}, "request.invalid", "username"),
    ],
)
async def test_what_may_not_be_asked_is_refused_by_name(
    stub: discovery_pb2_grpc.DiscoveryAsyncStub, fields: dict[str, object], code: str, field: str
) -> None:
    with pytest.raises(SnowlightError) as refused:
        await answers(stub, **fields)
    assert (refused.value.code, refused.value.field) == (code, field)
