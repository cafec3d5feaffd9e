"""Grants and their alerts over HTTP, between real services."""

from __future__ import annotations

import asyncio
import re

from tests.rpc.gateway.footage import session
from tests.rpc.gateway.street import DAY_MS, Street


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
    status, answer = await street.call("sergeant", "GET", "/v1/alerts?all=yes")
    assert (status, answer["field"]) == (400, "all")
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
