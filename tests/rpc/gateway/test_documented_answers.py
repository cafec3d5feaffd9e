"""What the site answers is what its OpenAPI document says: fields, types and formats."""

from __future__ import annotations

from typing import Any

from tests.openapi_document import Documented
from tests.parts.password import PASSWORD
from tests.rpc.gateway.people import COUNTY, VILLAGE
from tests.rpc.gateway.street import Street

HOUR = "start=2026-11-01T00:00:00Z&end=2026-11-01T01:00:00Z"
LAYOUT = {"display_name": "gate", "tiles": 4, "cameras": ["cameras/home", None]}
DUTY = {"display_name": "feast", "region": VILLAGE, "regions": [VILLAGE], "reason": "duty"}
GRANT = {"kind": "emergency", "cameras": ["cameras/home"], "reason": "screams"}
PERSON = {
    "username": "newcomer",
    "password": PASSWORD,
    "line": "GOVERNMENT",
    "roles": ["VIEWER"],
    "scope": VILLAGE,
}
ASKED: tuple[tuple[str, str, str, dict[str, Any] | None], ...] = (
    ("root", "POST", "/v1/cameras?camera_id=new", {"source_url": "rtsp://127.0.0.1/x", "region": VILLAGE}),
    ("root", "GET", "/v1/cameras", None),
    ("root", "GET", "/v1/cameras/new", None),
    ("root", "GET", "/v1/cameras/new/status", None),
    ("root", "POST", "/v1/cameras/new/publish-keys", {"display_name": "first"}),
    ("root", "GET", "/v1/cameras/new/publish-keys", None),
    ("root", "GET", "/v1/cameras/new/health", None),
    ("root", "GET", "/v1/cameras:offline", None),
    ("root", "POST", "/v1/cameras/new/tickets", {"action": "live"}),
    ("root", "POST", "/v1/tickets:batchCreate", {"requests": [{"camera": "cameras/new", "action": "live"}]}),
    ("root", "GET", "/v1/regions", None),
    ("root", "POST", "/v1/principals", PERSON),
    ("root", "GET", "/v1/principals?page_size=2", None),
    ("root", "POST", "/v1/jurisdictions", DUTY),
    ("root", "GET", "/v1/jurisdictions", None),
    ("root", "GET", "/v1/sessions", None),
    ("root", "POST", "/v1/wall_layouts", LAYOUT),
    ("root", "GET", "/v1/wall_layouts", None),
    ("root", "PUT", "/v1/favourites", {"cameras": ["cameras/home"]}),
    ("root", "GET", f"/v1/online_rate?region={COUNTY}&{HOUR}", None),
    ("root", "GET", "/v1/storage", None),
    ("root", "GET", "/v1/retention_policies", None),
    ("wang", "POST", "/v1/grants", GRANT),
    ("sergeant", "GET", "/v1/grants", None),
    ("sergeant", "GET", "/v1/alerts", None),
    ("owner", "GET", "/v1/cameras/home/views", None),
    ("owner", "GET", "/v1/notices", None),
    ("auditor", "GET", "/v1/audit?page_size=20", None),
)
"""Who asks, and what for."""
REFUSED = (
    ("root", "POST", "/v1/cameras", {"region": 5}, 400),
    ("chen", "GET", "/v1/principals", None, 403),
    ("chen", "GET", "/v1/cameras/nowhere", None, 404),
)


async def test_answers_have_the_fields_types_and_formats_that_are_told(street: Street) -> None:
    told = Documented(await street.site.openapi())
    faults = {}
    for by, method, path, body in ASKED:
        answer = await street.done(by, method, path, body)
        assert answer, path
        if found := told.faults(method, path, 200, answer):
            faults[f"{method} {path}"] = found
    assert faults == {}


async def test_a_session_and_its_time_are_as_told(street: Street) -> None:
    told = Documented(await street.site.openapi())
    status, answer = await street.site.call(
        "POST", "/v1/session", json={"username": "chen", "password": PASSWORD}
    )
    assert (status, told.faults("POST", "/v1/session", 200, answer)) == (200, [])
    start, end = street.ahead(-3_600_000), street.ahead(-60_000)
    path = f"/v1/cameras/home/timeline?start={start}&end={end}"
    timeline = await street.done("owner", "GET", path)
    assert told.faults("GET", path, 200, timeline) == []


async def test_a_refusal_is_the_problem_that_is_told(street: Street) -> None:
    told = Documented(await street.site.openapi())
    for by, method, path, body, expected in REFUSED:
        status, answer = await street.call(by, method, path, body)
        assert (status, told.faults(method, path, status, answer)) == (expected, []), path


async def test_what_is_not_told_is_found(street: Street) -> None:
    """The measure itself: a field nobody named, a wrong type, an instant that is none."""
    told = Documented(await street.site.openapi())
    camera = await street.done("root", "GET", "/v1/cameras/home")
    for wrong in ({"secret": ""}, {"revision": "1"}, {"create_time": "yesterday"}, {"retention_days": "30"}):
        assert told.faults("GET", "/v1/cameras/home", 200, camera | wrong), wrong
