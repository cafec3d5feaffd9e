"""Events are told to whom may know, as long as they may."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Awaitable

from snowlight.api.auth.v1 import revocation_pb2
from snowlight.api.ingest.v1 import camera_pb2
from tests.rpc.gateway.events import Listener, listening
from tests.rpc.gateway.people import COUNTY, OTHER, VILLAGE
from tests.rpc.gateway.site import Site

PROMISE_S = 2.0
ONLINE = camera_pb2.ONLINE


async def ends_in_time(client: Listener, cause: Awaitable[object]) -> None:
    """The stream is over, cleanly, within two seconds of its cause."""
    await cause
    started = time.monotonic()
    await client.over(PROMISE_S + 1)
    assert time.monotonic() - started < PROMISE_S


async def test_of_a_hidden_camera_nothing_is_told(site: Site) -> None:
    home = await site.add_camera("home", VILLAGE, ownership="HOUSEHOLD", owner="principals/somebody")
    away = await site.add_camera("county", COUNTY)
    async with listening(site, "resident") as resident, listening(site, "chen") as cadre:
        for client in (resident, cadre):
            told = await client.synced()
            assert away not in json.dumps([event.data for event in told])
        for camera_id, uid in (("county", away), ("home", home)):
            site.ingest.set_state(f"cameras/{camera_id}", uid, ONLINE, "")
            status, answer = await site.call(
                "PATCH", f"/v1/cameras/{camera_id}", await site.token("root"), json={"display_name": "x"}
            )
            assert status == 200, answer
            assert (await site.call("DELETE", f"/v1/cameras/{camera_id}", await site.token("root")))[0] == 204
        assert await resident.quiet(1)
        assert (await cadre.next()).data["name"] == "cameras/home"  # that it is there is no secret to a cadre


async def test_a_camera_that_goes_out_of_sight_is_deleted_and_one_that_comes_is_told(site: Site) -> None:
    uid = await site.add_camera("east", VILLAGE)
    async with listening(site, "chen") as client:
        await client.synced()
        for region, kind in ((COUNTY, "camera_deleted"), (VILLAGE, "camera_changed")):
            status, answer = await site.call(
                "PATCH", "/v1/cameras/east", await site.token("root"), json={"region": region}
            )
            assert status == 200, answer
            event = await client.next()
            assert (event.kind, event.data["uid"]) == (kind, uid)
            mark = event.id
    await site.call("PATCH", "/v1/cameras/east", await site.token("root"), json={"region": COUNTY})
    async with listening(site, "chen", mark) as client:
        event = await client.next()
        assert (event.kind, event.data) == ("camera_deleted", {"name": "cameras/east", "uid": uid})


async def test_a_change_of_rights_is_told_within_two_seconds(site: Site) -> None:
    village = await site.add_camera("east", VILLAGE)
    county = await site.add_camera("county", COUNTY)
    name = await site.principal("chen")
    async with listening(site, "chen") as client:
        assert {event.data.get("uid") for event in await client.synced()} == {None, village}
        started = time.monotonic()
        status, answer = await site.call(
            "PATCH", f"/v1/{name}", await site.token("root"), json={"scope": COUNTY}
        )
        assert status == 200, answer
        changed, state = await client.take(2)
        assert time.monotonic() - started < PROMISE_S
        assert [(one.kind, one.data["uid"]) for one in (changed, state)] == [
            ("camera_changed", county),
            ("camera_state", county),
        ]
        site.ingest.set_state("cameras/county", county, ONLINE, "")
        assert (await client.next()).data["uid"] == county


async def test_somebody_else_s_id_opens_nothing(site: Site) -> None:
    county = await site.add_camera("county", COUNTY)
    async with listening(site, "root") as client:
        mark = (await client.synced())[-1].id
    async with listening(site, "chen", mark) as client:
        assert county not in json.dumps([event.data for event in await client.synced()])


async def test_what_could_be_seen_and_is_not_known_any_more_is_a_reset(site: Site) -> None:
    await site.add_camera("east", VILLAGE)
    async with listening(site) as client:
        mark = (await client.synced())[-1].id
    place, _, digest = mark.rpartition(".")
    async with listening(site, last_id=f"{place}.{'0' * len(digest)}") as client:
        await client.synced()


async def test_a_stream_ends_with_its_session(site: Site) -> None:
    token = await site.token("chen")
    claims = token.split(".")[1]
    session = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sid"]
    async with listening(site, token=token) as client, listening(site, "chen") as other:
        await client.synced()
        await ends_in_time(client, site.revoke(revocation_pb2.SESSION, session))
        await other.synced()
        await site.add_camera("east", VILLAGE)
        assert (await other.next()).kind == "camera_changed"


async def test_a_stream_ends_with_its_principal(site: Site) -> None:
    async with listening(site, "chen") as client:
        await client.synced()
        await ends_in_time(client, site.revoke(revocation_pb2.PRINCIPAL, await site.principal("chen")))


async def test_a_stream_ends_when_its_token_expires_and_the_next_goes_on(site: Site) -> None:
    uid = await site.add_camera("east", VILLAGE)
    async with listening(site, "chen") as client:
        mark = (await client.synced())[-1].id
        await site.pass_time(400)
        assert await client.quiet()
        await site.pass_time(201)
        await client.over(PROMISE_S)
    site.ingest.set_state("cameras/east", uid, ONLINE, "")
    async with listening(site, "chen", mark) as client:
        assert (await client.next()).data["state"] == "ONLINE"


async def test_another_county_hears_of_its_own_cameras_alone(site: Site) -> None:
    async with listening(site, "away") as client:
        await client.synced()
        await site.add_camera("east", VILLAGE)
        assert await client.quiet()
        await site.call(
            "POST",
            "/v1/cameras?camera_id=theirs",
            await site.token("away"),
            json={"region": OTHER, "source_url": "rtsp://127.0.0.1/x"},
        )
        assert (await client.next()).data["name"] == "cameras/theirs"
