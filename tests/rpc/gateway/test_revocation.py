"""A right that is taken away bites at the next request, within two seconds, at every gateway."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial

import pytest

from snowlight.api.auth.v1 import revocation_pb2
from snowlight.errors import InvalidArgumentError, NotFoundError
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.relay import Relay, relaying
from tests.rpc.gateway.site import Site
from tests.waiting import eventually

PROMISE_S = 2.0


async def watched(site: Site, camera_id: str = "gate") -> str:
    """The uid of a camera that has a picture."""
    uid = await site.add_camera(camera_id)
    footage = session(site.clock.now_ms() - 12_000, 12)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    return uid


async def answer(site: Site, ticket: str, gateway: str = "") -> tuple[int, str]:
    """Status and problem of the live playlist."""
    async with site.http.get(f"{gateway}/hls/{ticket}/live/media.m3u8") as response:
        problem = response.content_type == "application/problem+json"
        return response.status, (await response.json(content_type=None))["code"] if problem else ""


async def expect_revoked(site: Site, ticket: str, gateway: str = "") -> None:
    started = time.monotonic()
    await eventually(lambda: is_revoked(site, ticket, gateway), PROMISE_S)
    assert time.monotonic() - started < PROMISE_S


async def is_revoked(site: Site, ticket: str, gateway: str = "") -> bool:
    return await answer(site, ticket, gateway) == (403, "ticket.revoked")


async def test_a_revoked_ticket_ends_everywhere_and_no_other_does(site: Site) -> None:
    await watched(site)
    ticket, other = await site.ticket("gate", action="live"), await site.ticket("gate", action="live")
    async with site.another_gateway() as there:
        for gateway in ("", there):
            await eventually(partial(plays, site, ticket, gateway))
        first = (await site.audit(allowed=True, event="decision", action="live"))[-1]
        await site.revoke(revocation_pb2.TICKET, first.ticket_id)
        for gateway in ("", there):
            await expect_revoked(site, ticket, gateway)
            assert await answer(site, other, gateway) == (200, "")
    (change,) = await site.audit(event="change", action="revoke")
    assert (change.action, change.detail, change.acting_person) == (
        "revoke",
        f"ticket {first.ticket_id}",
        "tests",
    )


async def plays(site: Site, ticket: str, gateway: str = "") -> bool:
    return await answer(site, ticket, gateway) == (200, "")


async def test_a_revoked_principal_s_tickets_and_tokens_end(site: Site) -> None:
    await watched(site)
    ticket, other = await site.ticket("gate", action="live"), await site.ticket("gate", "root", action="live")
    token = await site.token()
    assert await plays(site, ticket)
    assert await plays(site, other)
    await site.revoke(revocation_pb2.PRINCIPAL, await site.principal("chen"))
    await expect_revoked(site, ticket)
    assert await plays(site, other)

    async def refused() -> bool:
        status, problem = await site.call("GET", "/v1/cameras", token)
        return (status, problem.get("code")) == (401, "auth.session_revoked")

    await eventually(refused, PROMISE_S)
    site.clock.ahead_s += 1  # tokens tell whole seconds
    assert (await site.call("GET", "/v1/cameras", await site.token()))[0] == 200


async def test_a_revoked_camera_s_tickets_end_and_new_ones_are_decided_anew(site: Site) -> None:
    uid = await watched(site)
    await watched(site, "bridge")
    ticket, other = await site.ticket("gate", action="live"), await site.ticket("bridge", action="live")
    assert await plays(site, ticket)
    assert await plays(site, other)
    await site.revoke(revocation_pb2.CAMERA, uid)
    await expect_revoked(site, ticket)
    assert await plays(site, other)
    assert await plays(site, await site.ticket("gate", action="live"))


@pytest.mark.parametrize(
    ("change", "who_ends"),
    [
        ({"ownership": "HOUSEHOLD"}, {"chen", "root"}),
        ({"region": "regions/421381"}, {"chen"}),
        ({"display_name": "south gate"}, set()),
        ({"listed_for_residents": True}, set()),
    ],
)
async def test_tickets_are_decided_anew_when_the_camera_changes(
    site: Site, change: dict[str, str], who_ends: set[str]
) -> None:
    await watched(site)
    tickets = {name: await site.ticket("gate", name, action="live") for name in ("chen", "root")}
    for ticket in tickets.values():
        assert await plays(site, ticket)
    status, camera = await site.call("PATCH", "/v1/cameras/gate", await site.token("root"), json=change)
    assert status == 200, camera
    for name in who_ends:
        await expect_revoked(site, tickets[name])
    for name in tickets.keys() - who_ends:
        assert await plays(site, tickets[name])


@pytest.fixture
async def cut_off(site: Site) -> AsyncIterator[tuple[str, Relay]]:
    """A second gateway whose way to auth can be cut."""
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(relaying(site.runtime.cluster.auth_address))
        url = await stack.enter_async_context(site.another_gateway({"auth": relay.address}))
        yield url, relay


async def test_without_the_feed_nobody_new_after_half_a_minute_and_nobody_after_ten(
    site: Site, cut_off: tuple[str, Relay]
) -> None:
    url, relay = cut_off
    await watched(site)
    ticket, unseen = await site.ticket("gate", action="live"), await site.ticket("gate", action="live")
    await eventually(lambda: plays(site, ticket, url))
    relay.cut()
    site.clock.ahead_s += 25
    assert await answer(site, ticket, url) != (503, "ticket.feed_lost")
    site.clock.ahead_s += 6
    assert await answer(site, unseen, url) == (503, "ticket.feed_lost")
    token = await site.token()
    for path, body in (
        ("/v1/cameras/gate/tickets", {"action": "live"}),
        ("/v1/tickets:batchCreate", {"requests": [{"camera": "cameras/gate", "action": "live"}]}),
    ):
        status, problem = await site.call("POST", f"{url}{path}", token, json=body)
        assert (status, problem["code"]) == (503, "ticket.feed_lost")
    assert (await answer(site, ticket, url))[1] != "ticket.feed_lost"  # it goes on
    site.clock.ahead_s += 560
    assert (await answer(site, ticket, url))[1] != "ticket.feed_lost"
    site.clock.ahead_s += 15
    assert await answer(site, ticket, url) == (503, "ticket.feed_lost")
    relay.mend()

    async def knows_again() -> bool:
        return (await answer(site, ticket, url))[1] != "ticket.feed_lost"

    await eventually(knows_again)


async def test_what_was_revoked_while_the_feed_was_lost_is_known_once_it_is_back(
    site: Site, cut_off: tuple[str, Relay]
) -> None:
    url, relay = cut_off
    await watched(site)
    ticket = await site.ticket("gate", action="live")
    await eventually(lambda: plays(site, ticket, url))
    relay.cut()
    (issued,) = await site.audit(allowed=True, action="live")
    await site.revoke(revocation_pb2.TICKET, issued.ticket_id)
    assert await plays(site, ticket, url)
    relay.mend()
    await eventually(lambda: is_revoked(site, ticket, url))


async def test_what_is_watched_while_auth_is_away_is_told_later(
    site: Site, cut_off: tuple[str, Relay]
) -> None:
    url, relay = cut_off
    await watched(site)
    ticket = await site.ticket("gate", action="live")
    await eventually(lambda: plays(site, ticket, url))
    _, body = await site.get(f"/hls/{ticket}/live/media.m3u8")
    names = [line for line in body.decode().splitlines() if line.endswith(".m4s")]
    relay.cut()
    for name in names[:2]:
        async with site.http.get(f"{url}/hls/{ticket}/live/{name}") as response:
            assert response.status == 200
            await response.read()
    assert await site.audit(event="view") == []
    site.clock.ahead_s += 70  # a renewal is due, and fails
    relay.mend()

    async def told() -> bool:
        return bool(await site.audit(event="view"))

    await eventually(told)
    site.clock.ahead_s += 70
    records = await site.audit(event="view")
    assert [record.watched_s for record in records] == [4]


async def test_only_what_can_be_revoked_is(site: Site) -> None:
    for kind, subject, error in (
        (revocation_pb2.REVOCATION_KIND_UNSPECIFIED, "x", InvalidArgumentError),
        (revocation_pb2.PRINCIPAL, "principals/nobody", NotFoundError),
        (revocation_pb2.PRINCIPAL, "chen", InvalidArgumentError),
        (revocation_pb2.TICKET, "a/b", InvalidArgumentError),
        (revocation_pb2.SESSION, "", InvalidArgumentError),
    ):
        with pytest.raises(error):
            await site.revoke(kind, subject)
    assert await site.audit(event="change", action="revoke") == []
