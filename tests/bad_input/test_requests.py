"""A malformed request is refused with the field or cause that is to be mended."""

from __future__ import annotations

from typing import Any

import pytest

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
        ("GET", "/v1/cameras?filter=" + "x+" * 100, "filter"),
        ("GET", "/v1/cameras:offline?filter=" + "x+" * 100, "filter"),
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
