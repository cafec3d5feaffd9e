"""A malformed gRPC call is refused with the field that is to be mended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import grpc
import pytest
import pytest_asyncio
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from snowlight.api.ingest.v1 import camera_pb2, camera_pb2_grpc, live_pb2, live_pb2_grpc
from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc
from snowlight.config import ClusterSettings
from snowlight.runtime import build_runtime
from tests.bad_input.town import VILLAGE, Town
from tests.parts.callers import permitted_channel

pytestmark = pytest.mark.asyncio(loop_scope="package")


@dataclass(frozen=True)
class Stubs:
    """The services, as the other services of the cluster see them."""

    registry: camera_pb2_grpc.CameraRegistryAsyncStub
    live: live_pb2_grpc.LiveAsyncStub
    storage: storage_pb2_grpc.StorageAsyncStub
    access: auth_pb2_grpc.AccessAsyncStub
    directory: auth_pb2_grpc.DirectoryAsyncStub


@pytest_asyncio.fixture(loop_scope="package")
async def stubs(town: Town) -> AsyncIterator[Stubs]:
    runtime = build_runtime("gateway", ClusterSettings(data_dir=town.snowlight.data_dir))
    at = town.snowlight.addresses
    async with (
        permitted_channel(runtime, at["ingest"]) as ingest,
        permitted_channel(runtime, at["storage"]) as storage,
        permitted_channel(runtime, at["auth"]) as auth,
    ):
        yield Stubs(
            camera_pb2_grpc.CameraRegistryStub(ingest),
            live_pb2_grpc.LiveStub(ingest),
            storage_pb2_grpc.StorageStub(storage),
            auth_pb2_grpc.AccessStub(auth),
            auth_pb2_grpc.DirectoryStub(auth),
        )


GRPC_REQUESTS: tuple[tuple[str, str, Message, str], ...] = (
    ("registry", "GetCamera", camera_pb2.GetCameraRequest(name="gate"), "name"),
    ("registry", "GetCameraStatus", camera_pb2.GetCameraStatusRequest(name="cameras/"), "name"),
    ("registry", "ListCameras", camera_pb2.ListCamerasRequest(page_size=-1), "page_size"),
    ("registry", "ListCameras", camera_pb2.ListCamerasRequest(page_token="!"), "page_token"),
    ("registry", "ListCameras", camera_pb2.ListCamerasRequest(region="Guangshui"), "region"),
    (
        "registry",
        "CreateCamera",
        camera_pb2.CreateCameraRequest(
            camera=camera_pb2.Camera(region=VILLAGE, source_url="rtsp://127.0.0.1/live", camera_class=9)
        ),
        "camera_class",
    ),
    ("live", "ListSpool", live_pb2.ListSpoolRequest(camera_uid="x", start_ms=2, end_ms=1), "end_ms"),
    ("storage", "OpenEpoch", storage_pb2.OpenEpochRequest(shard=0, epoch=0, from_ms=1), "epoch"),
    ("storage", "OpenEpoch", storage_pb2.OpenEpochRequest(shard=1024, epoch=1, from_ms=1), "shard"),
    ("storage", "GetTimeline", storage_pb2.GetTimelineRequest(start_ms=1, end_ms=2), "camera_uid"),
    ("storage", "ListSegments", storage_pb2.ListSegmentsRequest(camera_uid="x", start_ms=2), "end_ms"),
    (
        "storage",
        "CommitSegments",
        storage_pb2.CommitSegmentsRequest(segments=[storage_pb2.Segment(camera_uid="x")]),
        "segments[0].store",
    ),
    ("access", "Authorize", auth_pb2.AuthorizeRequest(action="fly"), "action"),
    ("access", "CreateTicket", auth_pb2.CreateTicketRequest(action="fly"), "action"),
    ("directory", "ListRegions", auth_pb2.ListRegionsRequest(page_size=-1), "page_size"),
    (
        "directory",
        "CreateRegion",
        auth_pb2.CreateRegionRequest(region=auth_pb2.Region(name="Guangshui")),
        "name",
    ),
)


@pytest.mark.parametrize(
    ("stub", "method", "request_", "field"),
    GRPC_REQUESTS,
    ids=[f"{method}-{field}" for _, method, _, field in GRPC_REQUESTS],
)
async def test_a_call_is_refused_by_field(
    town: Town, stubs: Stubs, stub: str, method: str, request_: Message, field: str
) -> None:
    if "access_token" in request_.DESCRIPTOR.fields_by_name:
        request_.access_token = town.admin.token  # type: ignore[attr-defined]
    call = getattr(getattr(stubs, stub), method)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call(request_, timeout=10)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert _violated_field(raised.value) == field


def _violated_field(error: grpc.aio.AioRpcError) -> str:
    """The field that google.rpc.BadRequest names (AIP-193)."""
    trailer = dict(error.trailing_metadata() or ())["grpc-status-details-bin"]
    assert isinstance(trailer, bytes)
    violations = error_details_pb2.BadRequest()
    for detail in status_pb2.Status.FromString(trailer).details:
        if detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            detail.Unpack(violations)
    return str(violations.field_violations[0].field)
