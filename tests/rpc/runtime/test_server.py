"""What every Snowlight gRPC server promises, seen from a client."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from prometheus_client import CollectorRegistry, generate_latest

from services.gateway.app import run_gateway
from services.gateway.config import GatewaySettings
from snowlight.access.cluster_key import ClusterKey
from snowlight.access.service_token import ServiceTokens
from snowlight.api.ingest.v1 import live_pb2, live_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import ClusterSettings, TlsSettings
from snowlight.errors import (
    ExpiredError,
    FailedPreconditionError,
    InvalidArgumentError,
    SnowlightError,
    UnauthenticatedError,
)
from snowlight.media.envelope import decode_live, decode_spool_data, encode_fragment, encode_spool_data
from snowlight.media.fragment import Fragment, InitSection
from snowlight.observability.metrics import RpcMetrics
from snowlight.rpc.channel import open_channel, raw_stream
from snowlight.rpc.interceptors import Guard
from snowlight.rpc.server import GrpcServer, Servicer, serve_grpc
from snowlight.rpc.status import remote_errors
from snowlight.runtime import build_runtime
from tests.waiting import eventually

KEY = ClusterKey("a cluster key that is long enough for a test")
FRAGMENT = Fragment(7, 2, 1_700_000_000_123, 480, True, False, (b"moofmdat" * 5000,))


class Live(live_pb2_grpc.LiveServicer):
    """Answers that show each way a call can end."""

    async def WatchLive(self, request: live_pb2.WatchLiveRequest, context: Any) -> AsyncIterator[bytes]:  # type: ignore[override]  # noqa: N802
        yield encode_fragment(FRAGMENT)
        raise ExpiredError("ticket.idle", "asleep")

    async def ListRenditions(  # noqa: N802
        self, request: live_pb2.ListRenditionsRequest, context: Any
    ) -> live_pb2.ListRenditionsResponse:
        return live_pb2.ListRenditionsResponse()

    async def ListSpool(self, request: live_pb2.ListSpoolRequest, context: Any) -> live_pb2.ListSpoolResponse:  # noqa: N802
        if not request.camera_uid:
            raise InvalidArgumentError("request.required", "camera_uid is required", field="camera_uid")
        if request.camera_uid == "bug":
            raise RuntimeError("rtsp://admin:secret@10.0.0.1 must not be told")
        return live_pb2.ListSpoolResponse(open_gap_cause="network")

    async def ReadSpool(self, request: live_pb2.ReadSpoolRequest, context: Any) -> AsyncIterator[bytes]:  # type: ignore[override]  # noqa: N802
        yield encode_spool_data(b"x" * 70_000)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
async def server(registry: CollectorRegistry) -> AsyncIterator[GrpcServer]:
    servicer = Servicer(
        "snowlight.api.ingest.v1.Live",
        live_pb2_grpc.add_LiveServicer_to_server,
        Live(),
        preserialized=frozenset({"WatchLive", "ReadSpool"}),
    )
    guard = Guard(ServiceTokens(KEY, "ingest", SystemClock()), RpcMetrics(registry))
    async with serve_grpc(
        "127.0.0.1:0", [servicer], guard, tls=TlsSettings(), allow_plaintext=False, drain_seconds=0.1
    ) as running:
        yield running


@pytest.fixture
async def channel(server: GrpcServer) -> AsyncIterator[grpc.aio.Channel]:
    tokens = ServiceTokens(KEY, "gateway", SystemClock())
    async with open_channel(f"127.0.0.1:{server.port}", tokens, TlsSettings()) as opened:
        yield opened


async def test_errors_arrive_as_the_class_code_and_field_they_were_raised_with(
    channel: grpc.aio.Channel,
) -> None:
    stub: live_pb2_grpc.LiveAsyncStub = live_pb2_grpc.LiveStub(channel)
    with pytest.raises(InvalidArgumentError) as raised, remote_errors("services/ingest"):
        await stub.ListSpool(live_pb2.ListSpoolRequest())
    assert (raised.value.code, raised.value.field) == ("request.required", "camera_uid")
    answer = await stub.ListSpool(live_pb2.ListSpoolRequest(camera_uid="a"))
    assert answer.open_gap_cause == "network"


async def test_a_bug_is_told_as_internal_error_without_its_text(channel: grpc.aio.Channel) -> None:
    stub: live_pb2_grpc.LiveAsyncStub = live_pb2_grpc.LiveStub(channel)
    with pytest.raises(SnowlightError) as raised, remote_errors("services/ingest"):
        await stub.ListSpool(live_pb2.ListSpoolRequest(camera_uid="bug"))
    assert "secret" not in str(raised.value)
    assert raised.value.grpc_code is grpc.StatusCode.INTERNAL


async def test_fragments_written_by_hand_are_read_by_hand_and_by_generated_clients(
    channel: grpc.aio.Channel,
) -> None:
    watch = raw_stream(
        channel,
        "/snowlight.api.ingest.v1.Live/WatchLive",
        live_pb2.WatchLiveRequest.SerializeToString,
    )
    received: list[Fragment | InitSection] = []
    with pytest.raises(ExpiredError, match="asleep"), remote_errors("services/ingest"):
        async for message in watch(live_pb2.WatchLiveRequest(camera_uid="a")):
            received += [decode_live(message)]
    assert received == [FRAGMENT]

    stub: live_pb2_grpc.LiveAsyncStub = live_pb2_grpc.LiveStub(channel)
    async for response in stub.WatchLive(live_pb2.WatchLiveRequest(camera_uid="a")):
        assert response.fragment.data == FRAGMENT.data
        assert response.fragment.start_ms == FRAGMENT.start_ms
        break
    read = raw_stream(
        channel,
        "/snowlight.api.ingest.v1.Live/ReadSpool",
        live_pb2.ReadSpoolRequest.SerializeToString,
    )
    assert [decode_spool_data(m) async for m in read(live_pb2.ReadSpoolRequest())] == [b"x" * 70_000]


@pytest.mark.parametrize("authorization", [None, "Basic abc", "Bearer not-a-token", "Bearer a.b.c"])
async def test_no_call_without_a_service_token(
    server: GrpcServer, registry: CollectorRegistry, authorization: str | None
) -> None:
    metadata = [("authorization", authorization)] if authorization else []
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        stub: live_pb2_grpc.LiveAsyncStub = live_pb2_grpc.LiveStub(channel)
        with pytest.raises(UnauthenticatedError), remote_errors("services/ingest"):
            await stub.ListSpool(live_pb2.ListSpoolRequest(camera_uid="a"), metadata=metadata)

    async def counted() -> bool:
        return b'code="UNAUTHENTICATED"' in generate_latest(registry)

    await eventually(counted)  # just after the client has been answered


async def test_health_needs_no_token(server: GrpcServer) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(service="snowlight.api.ingest.v1.Live"))
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_plain_text_stays_on_loopback_and_a_taken_port_is_told(
    server: GrpcServer, registry: CollectorRegistry
) -> None:
    guard = Guard(ServiceTokens(KEY, "ingest", SystemClock()), RpcMetrics(CollectorRegistry()))
    for listen, code in (("0.0.0.0:0", "config.plaintext"), (f"127.0.0.1:{server.port}", "config.listen")):
        with pytest.raises(FailedPreconditionError, match=code):
            async with serve_grpc(
                listen, [], guard, tls=TlsSettings(), allow_plaintext=False, drain_seconds=0
            ):
                pass


async def test_no_token_leaves_loopback_in_plain_text(tmp_path: Path) -> None:
    tokens = ServiceTokens(KEY, "gateway", SystemClock())
    for address in ("192.0.2.1:7001", "auth.example.org:7001", "[2001:db8::1]:7001", "0.0.0.0:7001"):
        with pytest.raises(FailedPreconditionError, match=r"config\.plaintext.*SNOWLIGHT_ALLOW_PLAINTEXT"):
            open_channel(address, tokens, TlsSettings())
        async with open_channel(address, tokens, TlsSettings(), allow_plaintext=True):
            pass
    for address in ("127.0.0.1:7001", "127.8.0.1:7001", "localhost:7001", "[::1]:7001"):
        async with open_channel(address, tokens, TlsSettings()):
            pass
    cluster = ClusterSettings(data_dir=tmp_path, auth_address="192.0.2.1:7001", admin_listen="127.0.0.1:0")
    with pytest.raises(FailedPreconditionError, match=r"config\.plaintext: 192\.0\.2\.1:7001"):
        async with run_gateway(
            build_runtime("gateway", cluster, create_key=True), GatewaySettings(listen="127.0.0.1:0")
        ):
            pass
