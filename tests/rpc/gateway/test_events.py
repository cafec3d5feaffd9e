"""What happens to cameras is told as it happens, to whom may know, and goes on where a client was."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import pytest

from snowlight.api.ingest.v1 import camera_pb2
from tests.parts.server_sent import ServerSent
from tests.rpc.gateway.events import listening
from tests.rpc.gateway.people import COUNTY, OTHER, VILLAGE
from tests.rpc.gateway.site import Site
from tests.waiting import eventually

OFFLINE, ONLINE = camera_pb2.OFFLINE, camera_pb2.ONLINE


async def call(site: Site, method: str, path: str, **options: Any) -> Any:
    status, answer = await site.call(method, path, await site.token("root"), **options)
    assert status in (200, 204), answer
    return answer


async def test_a_stream_begins_with_how_everything_is(site: Site) -> None:
    uid = await site.add_camera("east", VILLAGE)
    site.ingest.set_state("cameras/east", uid, OFFLINE, "camera.auth_failed: 401 after Digest")
    await eventually(lambda: _has_state(site, "east", "OFFLINE"))
    async with listening(site) as client:
        reset, state, synced = await client.synced()
        assert reset.id == state.id != synced.id
        assert client.reader.retry_ms
    assert state.kind == "camera_state"
    assert state.data.pop("state_time")
    assert state.data == {
        "name": "cameras/east",
        "uid": uid,
        "region": VILLAGE,
        "state": "OFFLINE",
        "state_reason": "camera.auth_failed: 401 after Digest",
    }


async def _has_state(site: Site, camera_id: str, state: str) -> bool:
    return bool((await call(site, "GET", f"/v1/cameras/{camera_id}"))["state"] == state)


async def test_what_happens_is_told_in_order_and_each_with_its_id(site: Site) -> None:
    async with listening(site) as client:
        await client.synced()
        uid = await site.add_camera("east", VILLAGE)
        changed = await client.next()
        assert (changed.kind, changed.data["uid"], changed.data["display_name"]) == (
            "camera_changed",
            uid,
            "east",
        )
        site.ingest.set_state("cameras/east", uid, ONLINE, "")
        site.ingest.set_state("cameras/east", uid, OFFLINE, "network")
        states = await client.take(2)
        assert [event.data["state"] for event in states] == ["ONLINE", "OFFLINE"]
        await call(site, "PATCH", "/v1/cameras/east", json={"display_name": "东门 <script>"})
        renamed = await client.next()
        assert renamed.data["display_name"] == "东门 <script>"
        await call(site, "DELETE", "/v1/cameras/east")
        deleted = await client.next()
        assert (deleted.kind, deleted.data) == ("camera_deleted", {"name": "cameras/east", "uid": uid})
        assert len({event.id for event in (changed, *states, renamed, deleted)}) == 5


@pytest.mark.parametrize("how", ["header", "query"])
async def test_a_client_that_comes_back_misses_nothing_and_hears_nothing_twice(site: Site, how: str) -> None:
    uid = await site.add_camera("east", VILLAGE)
    gone = await site.add_camera("north", VILLAGE)
    async with listening(site) as client:
        await client.synced()
        site.ingest.set_state("cameras/east", uid, ONLINE, "")
        mark = (await client.next()).id
    site.ingest.set_state("cameras/east", uid, OFFLINE, "network")
    other = await site.add_camera("west", VILLAGE)
    await call(site, "DELETE", "/v1/cameras/north")
    resumed = {"last_event_id": mark} if how == "query" else {}
    async with listening(site, last_id=mark if how == "header" else "", **resumed) as client:
        events = await client.take(3)
        assert [(event.kind, event.data["uid"]) for event in events] == [
            ("camera_state", uid),
            ("camera_changed", other),
            ("camera_deleted", gone),
        ]
        assert await client.quiet()
    async with listening(site, last_id=events[0].id) as client:
        assert await client.take(2) == events[1:]


async def test_any_gateway_goes_on_where_another_was(site: Site) -> None:
    uid = await site.add_camera("east", VILLAGE)
    async with listening(site) as client:
        mark = (await client.synced())[-1].id
    site.ingest.set_state("cameras/east", uid, ONLINE, "")
    async with site.another_gateway() as url:
        await eventually(lambda: _knows(site, url))
        async with listening(site, last_id=mark, url=url) as client:
            event = await client.next()
            assert (event.kind, event.data["state"]) == ("camera_state", "ONLINE")
            assert await client.quiet()
        changed = await site.add_camera("west", VILLAGE)
        async with listening(site, last_id=event.id) as client:  # back at the first one
            assert [one.data["uid"] for one in await client.take(1)] == [changed]


async def _knows(site: Site, url: str) -> bool:
    headers = {"Authorization": f"Bearer {await site.token('root')}"}
    async with site.http.get(f"{url}/v1/cameras", headers=headers) as response:
        return response.status == 200


async def test_after_a_restart_of_ingest_clients_begin_anew_by_themselves(site: Site) -> None:
    uid = await site.add_camera("east", VILLAGE)
    site.ingest.set_state("cameras/east", uid, ONLINE, "")
    async with listening(site) as client:
        before = (await client.synced())[-1].id
        await site.restart_ingest()
        site.ingest.set_state("cameras/east", uid, OFFLINE, "network")
        events: list[ServerSent] = []
        while not events or events[-1].data.get("state") != "OFFLINE":
            events.append(await client.next(20))
        assert events[0].kind == "reset"
    async with listening(site, last_id=before) as client:
        assert (await client.synced())[1].data["state"] == "OFFLINE"


async def test_when_a_gateway_stops_its_streams_end_and_go_on_elsewhere(site: Site) -> None:
    uid = await site.add_camera("east", VILLAGE)
    async with site.another_gateway() as url:
        await eventually(lambda: _knows(site, url))
        context = listening(site, url=url)
        client = await context.__aenter__()
        mark = (await client.synced())[-1].id
    await client.over(1)  # cleanly: an answer that breaks off is an error to its reader
    await context.__aexit__(None, None, None)
    site.ingest.set_state("cameras/east", uid, ONLINE, "")
    async with listening(site, last_id=mark) as client:
        assert (await client.next()).data["state"] == "ONLINE"


async def test_only_what_was_asked_for_is_told(site: Site) -> None:
    village = await site.add_camera("east", VILLAGE)
    county = await site.add_camera("county", COUNTY)
    async with (
        listening(site, types="camera_state") as states,
        listening(site, region=VILLAGE) as below,
        listening(site, types="export") as exports,
    ):
        for client in (states, below, exports):
            await client.synced()
        for camera_id, uid in (("east", village), ("county", county)):
            site.ingest.set_state(f"cameras/{camera_id}", uid, ONLINE, "")
            await call(site, "PATCH", f"/v1/cameras/{camera_id}", json={"display_name": "x"})
        assert {event.kind for event in await states.take(2)} == {"camera_state"}
        assert {event.data["uid"] for event in await below.take(2)} == {village}
        for client in (states, below, exports):
            assert await client.quiet(0.3)


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ({"types": "camera_state,pictures"}, 400, "types"),
        ({"last_event_id": "17"}, 400, "last_event_id"),
        ({"last_event_id": "1.zz.3.00"}, 400, "last_event_id"),
        ({"region": OTHER}, 404, "region"),
    ],
)
async def test_a_request_that_cannot_be_served_names_its_field(
    site: Site, query: dict[str, str], status: int, field: str
) -> None:
    found, problem = await site.call("GET", "/v1/events", await site.token("chen"), params=query)
    assert (found, problem["field"]) == (status, field)


async def test_without_a_token_there_is_no_stream_and_of_one_person_sixteen_at_most(site: Site) -> None:
    assert (await site.call("GET", "/v1/events"))[0] == 401
    token = await site.token("chen")
    async with AsyncExitStack() as stack:
        for _ in range(16):
            await stack.enter_async_context(listening(site, token=token))
        status, problem = await site.call("GET", "/v1/events", token)
        assert (status, problem["code"]) == (429, "events.too_many_streams")
        async with listening(site, "root"):
            pass

    async def free() -> bool:
        async with site.http.get("/v1/events", headers={"Authorization": f"Bearer {token}"}) as response:
            return response.status == 200

    await eventually(free)


async def test_a_silent_stream_says_that_it_is_there_and_where_it_is(site: Site) -> None:
    async with listening(site, "chen") as client:
        mark = (await client.synced())[-1].id
        await site.add_camera("far", COUNTY)
        site.clock.ahead_s += 16

        async def told() -> bool:
            assert await client.quiet(0.2)
            return client.reader.comments > 0

        await eventually(told)
        assert client.reader.last_id != mark
