"""Requests of people who were filmed, over HTTP."""

from __future__ import annotations

from snowlight.instants import format_instant
from tests.rpc.gateway.street import MINUTE_MS, Street


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
