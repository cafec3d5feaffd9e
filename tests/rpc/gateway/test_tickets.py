"""Many tickets at once, tickets that sleep and wake, and links for guests."""

import sqlite3
from contextlib import closing
from functools import partial
from typing import Any

from snowlight.api.auth.v1 import revocation_pb2
from snowlight.instants import format_instant
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.site import Site
from tests.waiting import eventually

HALF_HOUR_S = 1800


async def watched(site: Site, camera_id: str = "gate") -> str:
    """A ticket for a camera that has a picture."""
    uid = await site.add_camera(camera_id)
    footage = session(site.clock.now_ms() - 12_000, 12)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    return await site.ticket(camera_id, action="live")


async def status_of(site: Site, ticket: str, path: str = "live/media.m3u8") -> tuple[int, str]:
    """Status and problem of a path below a ticket."""
    async with site.http.get(f"/hls/{ticket}/{path}") as response:
        problem = response.content_type == "application/problem+json"
        return response.status, (await response.json(content_type=None))["code"] if problem else ""


async def test_a_batch_has_a_result_for_each_in_order(site: Site) -> None:
    await site.add_camera("gate")
    await site.add_camera("home", ownership="HOUSEHOLD")
    token = await site.token()
    now_ms = site.clock.now_ms()
    window = {"start": format_instant(now_ms - 3_600_000), "end": format_instant(now_ms)}
    requests = [
        {"camera": "cameras/gate", "action": "live"},
        {"camera": "cameras/home", "action": "live"},
        {"camera": "cameras/nowhere", "action": "live"},
        {"camera": "cameras/gate", "action": "playback", **window, "purpose": "丢牛"},
        {"camera": "cameras/gate", "action": "playback"},
        {"camera": "cameras/gate"},
        "gate",
        {"camera": "cameras/gate", "action": "export", **window},
    ]
    status, answer = await site.call("POST", "/v1/tickets:batchCreate", token, json={"requests": requests})
    assert status == 200, answer
    got = [one["error"]["code"] if "error" in one else one["urls"]["hls"] for one in answer["tickets"]]
    live, playback = (answer["tickets"][index]["ticket"] for index in (0, 3))
    assert got == [
        f"/hls/{live}/live.m3u8",
        "auth.household_camera",
        "camera.not_found",
        f"/hls/{playback}/vod.m3u8",
        "request.required",
        "request.required",
        "request.type",
        "auth.role_missing",
    ]
    errors = [one["error"] for one in answer["tickets"] if "error" in one]
    assert [error["status"] for error in errors] == [403, 404, 400, 400, 400, 403]
    assert [error.get("field") for error in errors[2:5]] == ["start", "action", "requests"]
    recorded = [
        (record.action, record.allowed, record.purpose) for record in await site.audit(event="decision")
    ]
    assert sorted(recorded) == [
        ("export", False, ""),
        ("live", False, ""),
        ("live", True, ""),
        ("playback", True, "丢牛"),
    ]
    ids = {one["ticket_id"] for one in answer["tickets"] if "ticket" in one}
    assert ids == {record.ticket_id for record in await site.audit(allowed=True)}


async def test_a_batch_is_of_one_to_two_hundred(site: Site) -> None:
    await site.add_camera("gate")
    token = await site.token()
    one = {"camera": "cameras/gate", "action": "live"}
    for wrong in ([], [one] * 201, None, {"0": one}):
        status, answer = await site.call("POST", "/v1/tickets:batchCreate", token, json={"requests": wrong})
        assert (status, answer["field"]) == (400, "requests")
    status, answer = await site.call("POST", "/v1/tickets:batchCreate", token, json={"requests": [one] * 200})
    assert status == 200, answer
    assert len({ticket["ticket"] for ticket in answer["tickets"]}) == 200


async def test_an_unused_ticket_sleeps_and_its_holder_wakes_it(site: Site) -> None:
    ticket = await watched(site)
    assert await status_of(site, ticket) == (200, "")
    await site.pass_time(HALF_HOUR_S - 60)
    assert (await status_of(site, ticket))[1] != "ticket.idle"  # used in time
    await site.pass_time(HALF_HOUR_S - 60)
    assert (await status_of(site, ticket))[1] != "ticket.idle"
    await site.pass_time(HALF_HOUR_S + 1)
    for path in ("live.m3u8", "live/media.m3u8", "live/1.m4s"):
        assert await status_of(site, ticket, path) == (410, "ticket.idle")

    body = {"ticket": ticket}
    status, answer = await site.call("POST", "/v1/tickets:revive", await site.token("root"), json=body)
    assert (status, answer["code"]) == (403, "ticket.not_yours")
    assert await status_of(site, ticket) == (410, "ticket.idle")
    status, answer = await site.call("POST", "/v1/tickets:revive", await site.token(), json=body)
    assert (status, answer["ticket"]) == (200, ticket)
    assert (await status_of(site, ticket, "live/1.m4s"))[0] in (404, 503)  # the camera has no picture now
    assert [record.detail for record in await site.audit(event="decision", allowed=True)] == ["revived", ""]

    await site.pass_time(12 * 3600)
    assert await status_of(site, ticket) == (410, "ticket.expired")
    status, answer = await site.call("POST", "/v1/tickets:revive", await site.token(), json=body)
    assert (status, answer["code"]) == (410, "ticket.expired")


async def test_a_ticket_that_one_gateway_serves_is_awake_at_another(site: Site) -> None:
    ticket = await watched(site)
    async with site.another_gateway() as other:

        async def there() -> str:
            async with site.http.get(f"{other}/hls/{ticket}/live/1.m4s") as response:
                return str((await response.json(content_type=None))["code"])

        async def settled() -> bool:  # it has heard of auth since the clock's leap
            return await there() != "ticket.feed_lost"

        for _ in range(2):
            await site.pass_time(HALF_HOUR_S - 120)
            used_ms = site.clock.now_ms()
            await status_of(site, ticket)
            await eventually(partial(told, site, used_ms))
        await eventually(settled)
        assert await there() != "ticket.idle"
        await site.pass_time(HALF_HOUR_S + 61)
        await eventually(settled)
        assert await there() == "ticket.idle"


async def told(site: Site, since_ms: int) -> bool:
    """Whether auth knows of a use since then: gateways tell it at the next renewal."""
    with closing(sqlite3.connect(site.runtime.cluster.data_dir / "auth.db")) as database:
        return bool(database.execute("SELECT max(use_ms) FROM tickets").fetchone()[0] >= since_ms)


async def shared(site: Site, token: str, **fields: str) -> tuple[int, dict[str, Any]]:
    """What the answer to sharing the camera "gate" is."""
    until = format_instant(site.clock.now_ms() + 3_600_000)
    body = {"action": "live", "purpose": "flood watch", "expire_time": until} | fields
    return await site.call("POST", "/v1/cameras/gate/shares", token, json=body)


async def test_a_guest_sees_by_a_link_until_it_ends(site: Site) -> None:
    await watched(site)
    status, link = await shared(site, await site.token())
    assert status == 200, link
    (record,) = await site.audit(ticket_id=link["ticket_id"])
    assert (record.detail, record.purpose) == ("share link", "flood watch")
    assert (record.principal, record.allowed) == (await site.principal("chen"), True)
    assert await status_of(site, link["ticket"]) == (200, "")
    await site.pass_time(HALF_HOUR_S + 60)
    assert (await status_of(site, link["ticket"]))[1] != "ticket.idle"  # it does not sleep
    await site.pass_time(HALF_HOUR_S)
    assert await status_of(site, link["ticket"]) == (410, "ticket.expired")


async def test_a_link_is_for_one_guest_at_a_time_and_its_sponsor_ends_it(site: Site) -> None:
    await watched(site)
    _, link = await shared(site, await site.token())
    assert await status_of(site, link["ticket"]) == (200, "")
    async with site.http.get(
        f"/hls/{link['ticket']}/live/media.m3u8", headers={"User-Agent": "another"}
    ) as response:
        assert (response.status, (await response.json(content_type=None))["code"]) == (
            403,
            "ticket.too_many_viewers",
        )
    body = {"ticket": link["ticket"]}
    status, answer = await site.call("POST", "/v1/tickets:revoke", await site.token("root"), json=body)
    assert (status, answer["code"]) == (403, "ticket.not_yours")
    status, _ = await site.call("POST", "/v1/tickets:revoke", await site.token(), json=body)
    assert status == 204
    assert await status_of(site, link["ticket"]) == (403, "ticket.revoked")
    (record,) = await site.audit(event="change")
    assert (record.action, record.ticket_id) == ("revoke", link["ticket_id"])


async def test_a_link_ends_with_its_sponsor(site: Site) -> None:
    await watched(site)
    _, link = await shared(site, await site.token())
    assert await status_of(site, link["ticket"]) == (200, "")
    await site.revoke(revocation_pb2.PRINCIPAL, await site.principal("chen"))
    await eventually(lambda: ended(site, link["ticket"]), 2)


async def ended(site: Site, ticket: str) -> bool:
    """Whether the ticket is refused as revoked."""
    return await status_of(site, ticket) == (403, "ticket.revoked")


async def test_nobody_shares_what_is_not_theirs_or_without_a_reason(site: Site) -> None:
    await watched(site)
    now_ms = site.clock.now_ms()
    for username, fields, wanted in (
        ("chen", {"purpose": ""}, (400, "purpose")),
        ("chen", {"action": "export"}, (400, "start")),
        ("chen", {"expire_time": "tomorrow"}, (400, "expire_time")),
        ("chen", {"expire_time": format_instant(now_ms - 1000)}, (400, "expire_time")),
        ("chen", {"expire_time": format_instant(now_ms + 13 * 3_600_000)}, (400, "expire_time")),
        ("away", {}, (404, "camera.not_found")),
        ("auditor", {}, (404, "camera.not_found")),
        ("resident", {}, (404, "camera.not_found")),
    ):
        status, answer = await shared(site, await site.token(username), **fields)
        assert (status, answer.get("field") or answer["code"]) == wanted
    window = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T01:00:00Z"}
    status, answer = await shared(site, await site.token("root"), action="export", **window)
    assert (status, answer["field"]) == (400, "action")  # a guest may look and take nothing away
