"""Text that is no text, instants out of all time, numbers with noughts before them are refused by name."""

import json
from typing import Any

import pytest

from tests.bad_input.connection import exchange
from tests.bad_input.test_requests import CAMERA, assert_refused
from tests.bad_input.town import Town

pytestmark = pytest.mark.asyncio(loop_scope="package")

SURROGATE = "\ud800"  # json.dumps spells it \ud800, which is no character
RENEWAL = "X-Snowlight-Session: renew\r\nCookie: snowlight_session=\xff"
OUT_OF_TIME = (("0001-01-01T00:00:00+10:00", "start"), ("9999-12-31T23:59:59-10:00", "end"))


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    (
        ("POST", "/v1/cameras?camera_id=refused", CAMERA | {"display_name": SURROGATE}, "display_name"),
        ("POST", "/v1/cameras?camera_id=refused", CAMERA | {"dossier": {"pole": SURROGATE}}, "dossier.pole"),
        ("POST", "/v1/cameras?camera_id=refused", CAMERA | {"dossier": {SURROGATE: "12"}}, "dossier"),
        ("POST", "/v1/cameras?camera_id=refused", CAMERA | {SURROGATE: "12"}, None),
        ("PATCH", "/v1/cameras/bridge", {"display_name": f"a{SURROGATE}b"}, "display_name"),
        ("PATCH", "/v1/cameras/bridge", {"etag": SURROGATE, "owner": "x"}, "etag"),
        ("POST", "/v1/cameras/gate/tickets", {"action": SURROGATE}, "action"),
        ("POST", "/v1/cameras/gate/tickets", {"action": "live", "purpose": SURROGATE}, "purpose"),
        ("POST", "/v1/session", {"username": SURROGATE, "password": "x"}, "username"),
        ("POST", "/v1/session", {"username": "chen", "password": SURROGATE}, "password"),
        ("POST", "/v1/session", {"username": "chen", "password": "x", SURROGATE: "y"}, None),
    ),
)
async def test_a_lone_surrogate_is_refused_by_field(
    town: Town, method: str, path: str, body: dict[str, Any], field: str | None
) -> None:
    before = await town.admin.camera("bridge")
    headers = {"Content-Type": "application/json"}
    assert_refused(await town.admin.ask(method, path, data=json.dumps(body), headers=headers), field)
    assert await town.admin.camera("bridge") == before


@pytest.mark.parametrize(
    ("method", "path", "header", "field"),
    (
        ("PATCH", "/v1/cameras/bridge", 'If-Match: "\xff"', "If-Match"),
        ("DELETE", "/v1/cameras/bridge", 'If-Match: "\xff"', "If-Match"),
        ("POST", "/v1/session", RENEWAL, "snowlight_session"),
        ("DELETE", "/v1/session", RENEWAL, "snowlight_session"),
    ),
)
async def test_a_header_that_is_no_utf_8_is_refused_by_name(
    town: Town, method: str, path: str, header: str, field: str
) -> None:
    body = '{"owner": "x"}'
    head, answer = await exchange(
        town,
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Authorization: Bearer {town.admin.token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n{header}\r\n\r\n{body}",
    )
    assert head.startswith("HTTP/1.1 400 "), head
    assert json.loads(answer)["field"] == field
    assert (await town.admin.ask("GET", "/v1/cameras/bridge")).status == 200


@pytest.mark.parametrize(("instant", "field"), OUT_OF_TIME)
async def test_an_instant_that_its_offset_leads_out_of_time_is_refused(
    town: Town, instant: str, field: str
) -> None:
    other = {"start": "end", "end": "start"}[field]
    window = {field: instant, other: "2026-01-01T00:00:00Z"}
    assert_refused(await town.admin.ask("GET", "/v1/cameras/gate/timeline", params=window), field)
    body = {"action": "playback"} | window
    assert_refused(await town.admin.ask("POST", "/v1/cameras/gate/tickets", json=body), field)


@pytest.mark.parametrize("page_size", ("0001000000", "0000", "00001", "1" * 5000))
async def test_a_page_is_no_larger_for_the_noughts_before_its_size(town: Town, page_size: str) -> None:
    assert_refused(await town.admin.ask("GET", f"/v1/cameras?page_size={page_size}"), "page_size")
