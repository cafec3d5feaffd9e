"""A malformed request is refused with the field or cause that is to be mended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

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
from tests.person import Answer, day_around

pytestmark = pytest.mark.asyncio(loop_scope="package")

CAMERA = {"display_name": "东门", "region": VILLAGE, "source_url": "rtsp://127.0.0.1/live"}

BAD_FIELDS: tuple[tuple[str, Any], ...] = (
    ("display_name", 7),
    ("display_name", "东" * 201),
    ("display_name", "东\u0007门"),
    ("region", None),
    ("region", ""),
    ("region", "421381901901"),
    ("region", "regions/x"),
    ("region", "regions/42138"),
    ("region", ["regions/421381"]),
    ("source_url", ""),
    ("source_url", 554),
    ("source_url", "no URL at all"),
    ("source_url", "ftp://127.0.0.1/live"),
    ("source_url", "subfile,,start,0,end,9,,:/etc/passwd"),
    ("source_url", "rtsp:///live"),
    ("source_url", "rtsp://127.0.0.1:99999/live"),
    ("source_url", "rtsp://admin:pa/ss@127.0.0.1/live"),
    ("source_url", "rtsp://127.0.0.1/" + "a" * 2048),
    ("sub_source_url", "gopher://127.0.0.1/"),
    ("camera_class", 9),
    ("camera_class", 0),
    ("camera_class", "2"),
    ("camera_class", 1.5),
    ("camera_class", True),
    ("retention_days", -1),
    ("retention_days", 3651),
    ("retention_days", 10**12),
    ("ownership", "MINE"),
    ("ownership", 1),
    ("ownership", "OWNERSHIP_UNSPECIFIED"),
    ("audio", "yes"),
    ("enabled", 1),
    ("location", "north"),
    ("location.latitude", {"latitude": 91, "longitude": 0}),
    ("location.longitude", {"latitude": 0, "longitude": "east"}),
    ("location.altitude", {"altitude": 10}),
    ("schedule", "sometimes"),
    ("schedule", "mon-fri 25:00-26:00"),
    ("schedule", "mon 18:00-08:00; tue"),
    ("dossier", {"pole": 12}),
    ("dossier", ["pole"]),
    ("colour", "red"),
)


@pytest.mark.parametrize(("field", "value"), BAD_FIELDS)
async def test_a_camera_is_refused_by_field(town: Town, field: str, value: Any) -> None:
    wrong = {field.partition(".")[0]: value}
    refusal = await town.admin.ask("POST", "/v1/cameras?camera_id=refused", json=CAMERA | wrong)
    assert_refused(refusal, field)
    assert (await town.admin.ask("GET", "/v1/cameras/refused")).status == 404
    before = await town.admin.camera("bridge")
    assert_refused(await town.admin.ask("PATCH", "/v1/cameras/bridge", json=wrong), field)
    assert await town.admin.camera("bridge") == before


@pytest.mark.parametrize("field", ("region", "source_url"))
async def test_a_camera_without_a_required_field_is_refused(town: Town, field: str) -> None:
    partial = {name: value for name, value in CAMERA.items() if name != field}
    assert_refused(await town.admin.ask("POST", "/v1/cameras?camera_id=refused", json=partial), field)
    document = await town.nobody.get("/v1/openapi.json")
    body = document["paths"]["/v1/cameras"]["post"]["requestBody"]["content"]["application/json"]
    assert field in body["schema"]["required"]


@pytest.mark.parametrize(
    ("method", "path", "field"),
    (
        ("POST", "/v1/cameras?camera_id=North%20Gate", "camera_id"),
        ("POST", "/v1/cameras?camera_id=" + "a" * 64, "camera_id"),
        ("POST", "/v1/cameras?camera_id=-gate", "camera_id"),
        ("GET", "/v1/cameras?page_size=0", "page_size"),
        ("GET", "/v1/cameras?page_size=1001", "page_size"),
        ("GET", "/v1/cameras?page_size=ten", "page_size"),
        ("GET", "/v1/cameras?page_size=-1", "page_size"),
        ("GET", "/v1/cameras?page_token=%21", "page_token"),
        ("GET", "/v1/cameras?page_token=cmVnaW9ucw", "page_token"),
        ("GET", "/v1/cameras?filter=" + "x" * 300, "filter"),
        ("GET", "/v1/cameras/gate/timeline", "start"),
        ("GET", "/v1/cameras/gate/timeline?start=2026-01-01T00:00:00Z", "end"),
        ("GET", "/v1/cameras/gate/timeline?start=yesterday&end=2026-01-01T00:00:00Z", "start"),
        ("GET", "/v1/cameras/gate/timeline?start=2026-02-30T00:00:00Z&end=2026-03-01T00:00:00Z", "start"),
        ("GET", "/v1/cameras/gate/timeline?start=2026-01-01T00:00:00&end=2026-01-02T00:00:00Z", "start"),
        ("GET", "/v1/cameras/gate/timeline?start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z", "end"),
        ("GET", "/v1/cameras/gate/timeline?start=2020-01-01T00:00:00Z&end=2026-01-01T00:00:00Z", "end"),
    ),
)
async def test_a_parameter_is_refused_by_name(town: Town, method: str, path: str, field: str) -> None:
    body = {"json": CAMERA} if method == "POST" else {}
    assert_refused(await town.admin.ask(method, path, **body), field)


@pytest.mark.parametrize(
    ("body", "code"),
    (
        (b"", "request.json"),
        (b"{", "request.json"),
        (b'{"display_name": "gate",}', "request.json"),
        (b'["display_name"]', "request.json"),
        (b"null", "request.json"),
        (b'{"display_name": "a", "display_name": "b"}', "request.json"),
        (b'{"retention_days": NaN}', "request.json"),
        (b'{"display_name": "\xff"}', "request.json"),
        (b"[" * 100_000, "request.json"),
    ),
)
async def test_a_body_that_is_no_json_object_is_refused(town: Town, body: bytes, code: str) -> None:
    headers = {"Content-Type": "application/json"}
    refusal = await town.admin.ask("POST", "/v1/cameras", data=body, headers=headers)
    assert_refused(refusal, None, code)
    form = await town.admin.ask("POST", "/v1/cameras", data={"display_name": "gate"})
    assert_refused(form, None, "request.content_type")


@pytest.mark.parametrize(
    ("body", "field"),
    (
        ({}, "action"),
        ({"action": "fly"}, "action"),
        ({"action": 1}, "action"),
        ({"action": "playback"}, "start"),
        ({"action": "playback", "start": "2026-01-01T00:00:00Z"}, "end"),
        ({"action": "playback", "start": "soon", "end": "2026-01-01T00:00:00Z"}, "start"),
        ({"action": "playback", "start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}, "end"),
        ({"action": "live", "start": "2026-01-01T00:00:00Z"}, "start"),
        ({"action": "live", "purpose": 1}, "purpose"),
        ({"action": "live", "colour": "red"}, "colour"),
    ),
)
async def test_a_ticket_is_refused_by_field(town: Town, body: dict[str, Any], field: str) -> None:
    assert_refused(await town.admin.ask("POST", "/v1/cameras/gate/tickets", json=body), field)


@pytest.mark.parametrize(
    ("query", "field"),
    (
        ({"start": "2026-01-01T00:00:00Z"}, "end"),
        ({"end": "2026-01-01T00:00:00Z"}, "start"),
        ({"start": "now", "end": "2026-01-01T00:00:00Z"}, "start"),
        ({"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"}, "end"),
        ({"gaps": "hide"}, "gaps"),
    ),
)
async def test_a_playlist_is_refused_by_parameter(town: Town, query: dict[str, str], field: str) -> None:
    ticket = await town.viewer.ticket("gate", "playback", **day_around(town.since))
    assert_refused(await town.nobody.ask("GET", f"/hls/{ticket}/vod.m3u8", params=query), field)


@pytest.mark.parametrize(
    ("form", "field", "error"),
    (
        ({}, "grant_type", "invalid_request"),
        ({"grant_type": "magic"}, "grant_type", "unsupported_grant_type"),
        ({"grant_type": "password", "password": "x"}, "username", "invalid_request"),
        ({"grant_type": "password", "username": "chen"}, "password", "invalid_request"),
        ({"grant_type": "refresh_token"}, "refresh_token", "invalid_request"),
    ),
)
async def test_a_token_request_is_refused_by_field(
    town: Town, form: dict[str, str], field: str, error: str
) -> None:
    refusal = await town.nobody.ask("POST", "/v1/token", data=form)
    assert_refused(refusal, field)
    assert refusal.json()["error"] == error


async def test_a_method_or_path_that_is_not_there_is_told(town: Town) -> None:
    unknown = await town.admin.ask("GET", "/v1/camera")
    assert (unknown.status, unknown.content_type) == (404, "application/problem+json")
    wrong = await town.admin.ask("PUT", "/v1/cameras/gate", json=CAMERA)
    assert (wrong.status, wrong.content_type) == (405, "application/problem+json")


async def test_a_body_without_end_is_cut_off(town: Town) -> None:
    endless = {"display_name": "x" * (8 << 20)}
    long = await town.admin.ask("POST", "/v1/cameras", json=endless)
    assert (long.status, long.content_type) == (413, "application/problem+json")


def assert_refused(refusal: Answer, field: str | None, code: str = "") -> None:
    assert refusal.status == 400, refusal
    assert refusal.content_type == "application/problem+json"
    problem = refusal.json()
    assert problem["status"] == 400
    assert problem["detail"]
    assert problem["code"].startswith(code or ("request.", "camera.", "auth."))
    assert problem.get("field") == field, problem


@dataclass(frozen=True)
class Stubs:
    """The services, as another service of the cluster sees them."""

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
        runtime.channel(at["ingest"]) as ingest,
        runtime.channel(at["storage"]) as storage,
        runtime.channel(at["auth"]) as auth,
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
