"""Consents, grants and what owners are told over HTTP, between real services."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.gateway.http.instants import format_instant
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from snowlight.rpc.status import remote_errors
from tests.parts.callers import permitted_channel
from tests.parts.password import PASSWORD
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.site import COUNTY, VILLAGE, Site
from tests.waiting import eventually

DAY_MS, MINUTE_MS = 86_400_000, 60_000
PEOPLE = (
    ("owner", VILLAGE, auth_pb2.VIEWER, auth_pb2.RESIDENT, ""),
    ("wang", VILLAGE, auth_pb2.VIEWER, auth_pb2.POLICE, "Police station"),
    ("sergeant", COUNTY, auth_pb2.ADMIN, auth_pb2.POLICE, "Police station"),
)


@dataclass
class Street:
    """A household's camera "home", its owner, and officers."""

    site: Site
    home: str
    """The camera's uid."""

    async def call(
        self, by: str, method: str, path: str, body: dict[str, Any] | None = None
    ) -> tuple[int, Any]:
        """Status and answer."""
        options = {} if body is None else {"json": body}
        return await self.site.call(method, path, await self.site.token(by), **options)

    async def done(self, by: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer of what must succeed."""
        status, answer = await self.call(by, method, path, body)
        assert status == 200, answer
        return answer

    async def name(self, username: str) -> str:
        """The principal, as their token says."""
        claims = (await self.site.token(username)).split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"])

    def ahead(self, ms: int) -> str:
        return format_instant(self.site.clock.now_ms() + ms)

    async def sees(self, by: str, camera: str = "home") -> bool:
        status, _ = await self.call(by, "POST", f"/v1/cameras/{camera}/tickets", {"action": "live"})
        assert status in (200, 403, 404)
        return status == 200

    async def consent(self, **fields: Any) -> dict[str, Any]:
        """The owner's, to the cadre, live, for a month."""
        body = {
            "camera": "cameras/home",
            "audience": {"principal": await self.name("chen")},
            "actions": ["live"],
            "end_time": self.ahead(30 * DAY_MS),
        }
        answer: dict[str, Any] = await self.done("owner", "POST", "/v1/consents", body | fields)
        return answer


@pytest.fixture
async def street(site: Site) -> AsyncIterator[Street]:
    async with permitted_channel(site.runtime, site.runtime.cluster.auth_address) as channel:
        directory: auth_pb2_grpc.DirectoryAsyncStub = auth_pb2_grpc.DirectoryStub(channel)
        for username, scope, role, line, organisation in PEOPLE:
            principal = auth_pb2.Principal(
                username=username, line=line, roles=[role], scope=scope, organisation=organisation
            )
            with remote_errors("services/auth"):
                await directory.CreatePrincipal(
                    auth_pb2.CreatePrincipalRequest(principal=principal, password=PASSWORD)
                )
    street = Street(site, "")
    street.home = await site.add_camera("home", ownership="HOUSEHOLD", owner=await street.name("owner"))
    yield street


async def test_an_emergency_shows_a_picture_within_ten_seconds_of_the_request(street: Street) -> None:
    footage = session(street.site.clock.now_ms() - 12_000, 12)
    await street.site.ingest.pictures.send(street.home, footage.init, *footage.fragments)
    assert not await street.sees("wang")
    async with asyncio.timeout(10):
        emergency = {"kind": "emergency", "cameras": ["cameras/home"], "reason": "screams"}
        grant = await street.done("wang", "POST", "/v1/grants", emergency)
        assert (grant["state"], grant["cameras"]) == ("requested", ["cameras/home"])
        ticket = await street.site.ticket("home", "wang", action="live", purpose="screams")
        status, playlist = await street.site.get(f"/hls/{ticket}/live/media.m3u8")
        assert status == 200
        segment = re.findall(r"^[^#].*$", playlist.decode(), re.MULTILINE)[-1]
        status, picture = await street.site.get(f"/hls/{ticket}/live/{segment}")
        assert (status, picture[4:8] in (b"moof", b"prft", b"styp")) == (200, True)
    [alert] = (await street.done("sergeant", "GET", "/v1/alerts"))["alerts"]
    assert (alert["grant"], alert["reason"], alert["cameras"]) == (grant["name"], "screams", ["cameras/home"])
    seen = await street.done("sergeant", "POST", f"/v1/{alert['name']}:acknowledge")
    assert seen["acknowledged_by"] == await street.name("sergeant")
    assert (await street.done("sergeant", "GET", "/v1/alerts"))["alerts"] == []
    assert len((await street.done("sergeant", "GET", "/v1/alerts?all=true"))["alerts"]) == 1
    status, problem = await street.call("wang", "POST", f"/v1/{grant['name']}:approve", {})
    assert (status, problem["code"]) == (403, "grant.not_admin")
    denied = await street.done("sergeant", "POST", f"/v1/{grant['name']}:deny", {"reason": "a false alarm"})
    assert denied["state"] == "denied"
    assert not await street.sees("wang")


async def test_a_case_is_asked_for_approved_deferred_and_revoked(street: Street) -> None:
    body = {
        "kind": "case",
        "cameras": ["cameras/home"],
        "actions": ["live"],
        "case_number": "A2026-0117",
        "reason": "theft of a tractor",
        "duration_s": 3600,
    }
    grant = await street.done("wang", "POST", "/v1/grants", body)
    assert not await street.sees("wang")
    approved = await street.done(
        "sergeant", "POST", f"/v1/{grant['name']}:approve", {"etag": grant["etag"], "reason": "file checked"}
    )
    assert approved["state"] == "approved"
    assert await street.sees("wang")
    status, problem = await street.call("sergeant", "POST", f"/v1/{grant['name']}:deny", {"reason": "late"})
    assert (status, problem["code"]) == (409, "grant.decided")
    views = await street.done("owner", "GET", "/v1/cameras/home/views")
    assert [(view["organisation"], view["grant_reason"]) for view in views["views"]] == [
        ("Police station", "theft of a tractor")
    ]
    assert len((await street.done("owner", "GET", "/v1/notices"))["notices"]) == 1
    deferral = {"notice_time": street.ahead(DAY_MS), "reason": "still being looked into"}
    await street.done("sergeant", "POST", f"/v1/{grant['name']}:deferNotice", deferral)
    assert (await street.done("owner", "GET", "/v1/notices"))["notices"] == []
    assert (await street.done("owner", "GET", "/v1/cameras/home/views"))["views"] == []
    status, problem = await street.call("wang", "GET", "/v1/cameras/home/views")
    assert (status, problem["code"]) == (403, "views.not_owner")
    assert [
        each["name"] for each in (await street.done("wang", "GET", "/v1/grants?kind=case"))["grants"]
    ] == [grant["name"]]
    await street.done("wang", "POST", f"/v1/{grant['name']}:revoke", {"reason": "solved"})
    assert not await street.sees("wang")
    again = await street.done("wang", "POST", "/v1/grants", body)
    withdrawn = await street.done("wang", "POST", f"/v1/{again['name']}:withdraw", {})
    assert (await street.done("wang", "GET", f"/v1/{again['name']}")) == withdrawn


async def test_a_neighbour_finds_the_camera_that_was_opened_to_them(street: Street) -> None:
    status, _ = await street.call("resident", "GET", "/v1/cameras/home")
    assert status == 404
    consent = await street.consent(audience={"principal": await street.name("resident")})
    assert await street.sees("resident")
    assert (await street.done("resident", "GET", "/v1/cameras/home"))["uid"] == street.home
    [told] = (await street.done("resident", "GET", "/v1/consents?camera=cameras/home"))["consents"]
    assert (told["name"], told["camera"]) == (consent["name"], "cameras/home")
    later = {"end_time": street.ahead(300 * DAY_MS)}
    renewed = await street.done("owner", "POST", f"/v1/{consent['name']}:renew", later)
    assert renewed["end_time"] == later["end_time"]
    await street.done("owner", "POST", f"/v1/{consent['name']}:withdraw", {})
    status, _ = await street.call("resident", "GET", "/v1/cameras/home")
    assert status == 404


async def test_a_withdrawal_ends_a_running_stream_within_two_seconds(street: Street) -> None:
    footage = session(street.site.clock.now_ms() - 12_000, 12)
    await street.site.ingest.pictures.send(street.home, footage.init, *footage.fragments)
    consent = await street.consent()
    ticket = await street.site.ticket("home", "chen", action="live", purpose="patrol")
    playlist = f"/hls/{ticket}/live/media.m3u8"
    assert (await street.site.get(playlist))[0] == 200
    await street.done("owner", "POST", f"/v1/{consent['name']}:withdraw", {})

    async def is_over() -> bool:
        return (await street.site.get(playlist))[0] == 403

    await eventually(is_over, 2)
    assert not await street.sees("chen")


async def test_a_withdrawal_that_asks_for_it_erases_what_was_recorded(street: Street) -> None:
    site = street.site
    start_ms = site.clock.now_ms() - 3 * MINUTE_MS
    footage = session(start_ms, 20)
    await site.commit(street.home, site.spool(street.home, footage.init, footage.fragments))
    recorded = Path(site.runtime.cluster.data_dir / "footage" / "rec" / street.home)
    assert objects_in(recorded)
    consent = await street.consent()
    withdrawn = await street.done("owner", "POST", f"/v1/{consent['name']}:withdraw", {"erase": True})
    assert withdrawn["erasure"].startswith("erasures/")
    assert not await street.sees("chen")

    async def gone() -> bool:
        return not objects_in(recorded)

    await eventually(gone)
    [pending] = (await street.done("owner", "GET", "/v1/erasures"))["erasures"]
    assert (pending["name"], pending["state"]) == (withdrawn["erasure"], "pending"), (
        "the last minute may come"
    )
    assert pending["camera"] == "cameras/home"
    site.clock.ahead_s += 200

    async def done() -> bool:
        [erasure] = (await street.done("owner", "GET", "/v1/erasures"))["erasures"]
        return bool(erasure["state"] == "done")

    await eventually(done)
    assert (await street.done("chen", "GET", "/v1/erasures"))["erasures"] == []
    assert len((await street.done("root", "GET", "/v1/erasures"))["erasures"]) == 1


async def test_somebody_who_was_filmed_is_shown_it(street: Street) -> None:
    now_ms = street.site.clock.now_ms()
    window = {
        "window_start": format_instant(now_ms - 60 * MINUTE_MS),
        "window_end": format_instant(now_ms - 30 * MINUTE_MS),
    }
    body = {
        "camera": "cameras/home",
        "applicant_reference": "file 12",
        "identity_checked_by": "desk 3",
        "reason": "was hit by a cart",
    } | window
    made = await street.done("wang", "POST", "/v1/subjectRequests", body)
    assert (made["state"], made["camera"]) == ("requested", "cameras/home")
    decision = {"decision": "granted", "reason": "as the law says"}
    status, problem = await street.call("wang", "POST", f"/v1/{made['name']}:decide", decision)
    assert (status, problem["code"]) == (403, "grant.not_admin")
    granted = await street.done("sergeant", "POST", f"/v1/{made['name']}:decide", decision)
    assert granted["grant"].startswith("grants/")
    await street.site.ticket(
        "home", "wang", action="playback", start=window["window_start"], end=window["window_end"]
    )
    listed = await street.done("sergeant", "GET", "/v1/subjectRequests?state=granted")
    assert [each["name"] for each in listed["subject_requests"]] == [made["name"]]


async def test_what_is_missing_in_dossiers_is_listed_for_who_manages_them(street: Street) -> None:
    await street.site.add_camera("bare", ownership="PUBLIC")
    dossier = {"legal_basis": "article 7", "sign": "at the pole", "siting_approval": "2026-03"}
    await street.site.add_camera("whole", ownership="PUBLIC", managing_unit="town hall", dossier=dossier)
    lacking = ["managing_unit", "legal_basis", "sign", "siting_approval"]
    assert await street.done("root", "GET", "/v1/cameras/bare/dossier") == {"missing": lacking}
    assert await street.done("root", "GET", "/v1/cameras/whole/dossier") == {"missing": []}
    listed = await street.done("root", "GET", f"/v1/dossiers:missing?region={COUNTY}")
    assert listed == {
        "dossiers": [{"camera": "cameras/bare", "missing": lacking}],
        "next_page_token": "",
    }
    status, problem = await street.call("chen", "GET", f"/v1/dossiers:missing?region={VILLAGE}")
    assert (status, problem["status"]) == (403, 403)
    status, problem = await street.call("root", "GET", "/v1/dossiers:missing")
    assert (status, problem["field"]) == (400, "region")


BAD: list[tuple[str, str, dict[str, Any], str]] = [
    ("wang", "/v1/grants", {"kind": "case", "cameras": "cameras/home"}, "cameras"),
    ("wang", "/v1/grants", {"kind": "case", "cameras": [7]}, "cameras"),
    ("wang", "/v1/grants", {"kind": "emergency", "reason": "x", "cameras": ["cameras/none"]}, "cameras[0]"),
    ("wang", "/v1/grants", {"kind": "emergency", "reason": "x"}, "cameras"),
    ("wang", "/v1/grants", {"kind": "emergency", "state": "approved"}, "state"),
    ("wang", "/v1/grants", {"kind": "emergency", "camera_uids": ["home"]}, "camera_uids"),
    ("wang", "/v1/grants", {"kind": 7}, "kind"),
    ("owner", "/v1/consents", {"camera": ["cameras/home"]}, "camera"),
    ("owner", "/v1/consents", {"camera": "cameras/home", "owner": "me"}, "owner"),
    ("owner", "/v1/consents", {"camera": "", "actions": ["live"]}, "camera"),
    ("owner", "/v1/consents", {"camera": "cameras/home", "actions": ["fly"]}, "actions[0]"),
    (
        "owner",
        "/v1/consents",
        {"camera": "cameras/home", "actions": ["live"], "end_time": "soon"},
        "end_time",
    ),
]


async def test_bad_bodies_are_problems_that_name_the_field(street: Street) -> None:
    for by, path, body, field in BAD:
        status, problem = await street.call(by, "POST", path, body)
        assert (status, problem["field"]) == (400, field), (body, problem)
    for path in ("/v1/grants?page_size=0", "/v1/consents?page_size=x", "/v1/notices?page_size=1001"):
        status, problem = await street.call("owner", "GET", path)
        assert (status, problem["field"]) == (400, "page_size")
    for method, path in (("GET", "/v1/consents"), ("POST", "/v1/grants"), ("GET", "/v1/alerts")):
        options: dict[str, Any] = {"json": {}} if method == "POST" else {}
        status, problem = await street.site.call(method, path, **options)
        assert (status, problem["code"]) == (401, "auth.token_missing")
    status, problem = await street.call("owner", "GET", "/v1/consents/none")
    assert (status, problem["code"]) == (404, "consent.unknown")


def objects_in(folder: Path) -> list[Path]:
    return list(folder.rglob("*.mp4"))
