"""The registry, regions and the site's manners over HTTP."""

import asyncio
import time

from snowlight.api.auth.v1 import auth_pb2
from snowlight.api.ingest.v1 import camera_pb2
from tests.rpc.gateway.people import COUNTY, OTHER, VILLAGE
from tests.rpc.gateway.site import Site


async def test_people_see_their_regions_and_the_cameras_in_them(site: Site) -> None:
    await site.add_camera("gate-1", display_name="村口一号")
    await site.add_camera("gate-2", display_name="Gate Two", listed_for_residents=True)
    await site.add_camera("county", region=COUNTY)
    names: dict[str, list[str]] = {}
    for username in ("root", "chen", "away", "resident", "auditor"):
        _, answer = await site.call("GET", "/v1/cameras", await site.token(username))
        names[username] = [camera["name"].removeprefix("cameras/") for camera in answer["cameras"]]
        assert answer["total_size"] == len(names[username])
    assert names == {
        "root": ["county", "gate-1", "gate-2"],
        "chen": ["gate-1", "gate-2"],
        "away": [],
        "resident": ["gate-2"],
        "auditor": [],
    }
    _, answer = await site.call("GET", "/v1/regions", await site.token())
    assert [(region["name"], region["level"]) for region in answer["regions"]] == [(VILLAGE, "VILLAGE")]
    assert (await site.call("GET", "/v1/cameras/county", await site.token()))[0] == 404
    assert (await site.call("GET", "/v1/cameras/county/status", await site.token()))[0] == 404


async def test_listing_by_region_text_and_page(site: Site) -> None:
    for number in range(5):
        await site.add_camera(f"gate-{number}", display_name=f"Gate {number}")
    await site.add_camera("county", region=COUNTY, display_name="县城")
    token = await site.token("root")

    async def names(**query: str) -> list[str]:
        found, page_token = [], ""
        while True:
            _, answer = await site.call(
                "GET", "/v1/cameras", token, params={**query, "page_token": page_token}
            )
            found += [camera["name"].removeprefix("cameras/") for camera in answer["cameras"]]
            page_token = answer["next_page_token"]
            if not page_token:
                assert answer["total_size"] == len(found)
                return found

    assert await names(page_size="2") == ["county", *(f"gate-{number}" for number in range(5))]
    assert await names(region=VILLAGE) == [f"gate-{number}" for number in range(5)]
    assert len(await names(region=COUNTY)) == 6
    assert await names(filter="GATE 3") == ["gate-3"]
    assert await names(filter="县") == ["county"]
    for query, field in (
        ({"page_size": "0"}, "page_size"),
        ({"page_size": "1001"}, "page_size"),
        ({"page_size": "x"}, "page_size"),
        ({"page_token": "!!"}, "page_token"),
        ({"page_token": "eHl6"}, "page_token"),
    ):
        status, answer = await site.call("GET", "/v1/cameras", token, params=query)
        assert (status, answer["field"]) == (400, field)
    status, answer = await site.call("GET", "/v1/cameras", token, params={"region": OTHER})
    assert (status, answer["field"]) == (404, "region")


async def test_a_camera_is_made_read_changed_and_forgotten(site: Site) -> None:
    token = await site.token("root")
    body = {
        "display_name": "村口",
        "region": VILLAGE,
        "source_url": "rtsp://admin:secret@127.0.0.1:554/1",
        "location": {"latitude": 31.6, "longitude": 113.8},
        "dossier": {"pole": "7"},
    }
    status, made = await site.call("POST", "/v1/cameras?camera_id=gate", token, json=body)
    assert status == 200, made
    assert made["enabled"] is True
    assert made["state"] == "CONNECTING"
    assert made["create_time"].endswith("Z")
    assert "secret" not in str(made)
    assert "revision" not in made
    assert (await site.call("GET", "/v1/cameras/gate", token))[1] == made
    assert (await site.call("POST", "/v1/cameras?camera_id=gate", token, json=body))[0] == 409

    status, changed = await site.call("PATCH", "/v1/cameras/gate", token, json={"display_name": "东门"})
    assert status == 200
    assert (changed["display_name"], changed["location"]) == ("东门", body["location"])
    stale = {"If-Match": f'"{made["etag"]}"'}
    status, answer = await site.call("PATCH", "/v1/cameras/gate", token, headers=stale, json={"owner": "x"})
    assert status == 412, answer
    status, answer = await site.call(
        "PATCH", "/v1/cameras/gate", token, json={"owner": "x", "etag": made["etag"]}
    )
    assert status == 409, answer
    status, cleared = await site.call("PATCH", "/v1/cameras/gate", token, json={"location": None})
    assert status == 200
    assert "location" not in cleared
    assert (await site.call("PATCH", "/v1/cameras/gate", token, json=cleared))[0] == 200
    assert (await site.call("DELETE", "/v1/cameras/gate", token))[0] == 204
    assert (await site.call("GET", "/v1/cameras/gate", token))[0] == 404


async def test_a_wrong_field_is_named(site: Site) -> None:
    token = await site.token("root")
    good = {"display_name": "x", "region": VILLAGE, "source_url": "rtsp://127.0.0.1/x"}
    for body, field in (
        ({"display_name": "x", "source_url": "rtsp://127.0.0.1/x"}, "region"),
        (good | {"colour": "red"}, "colour"),
        (good | {"display_name": 5}, "display_name"),
        (good | {"enabled": "yes"}, "enabled"),
        (good | {"camera_class": "1"}, "camera_class"),
        (good | {"camera_class": 1.5}, "camera_class"),
        (good | {"camera_class": 9}, "camera_class"),
        (good | {"ownership": "MINE"}, "ownership"),
        (good | {"location": 7}, "location"),
        (good | {"location": {"latitude": "north"}}, "location.latitude"),
        (good | {"location": {"latitude": 91, "longitude": 0}}, "location.latitude"),
        (good | {"location": {"altitude": 1}}, "location.altitude"),
        (good | {"dossier": {"a": 1}}, "dossier"),
        (good | {"source_url": "gopher://x"}, "source_url"),
        (good | {"region": "Guangshui"}, "region"),
    ):
        status, answer = await site.call("POST", "/v1/cameras", token, json=body)
        assert (status, answer.get("field")) == (400, field), answer
    for text in ("", "{", "[]", '{"a":1,"a":2}', '{"a":NaN}', "[" * 100_000, '{"display_name":"\\ud800"}'):
        async with site.http.post(
            "/v1/cameras",
            data=text.encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        ) as response:
            assert response.status == 400, text[:20]
            assert (await response.json(content_type=None))["detail"]


async def test_null_keeps_and_clears_nothing_by_accident(site: Site) -> None:
    uid = await site.add_camera("gate", audio=None, enabled=None, location={"latitude": 31, "longitude": 113})
    token = await site.token("root")
    _, before = await site.call("GET", "/v1/cameras/gate", token)
    assert before["enabled"] is True
    for field in ("enabled", "audio", "dossier", "display_name", "region", "retention_days", "source_url"):
        change = {"owner": "x", field: None}
        status, answer = await site.call("PATCH", "/v1/cameras/gate", token, json=change)
        assert (status, answer["field"]) == (400, field)
    assert (await site.call("GET", "/v1/cameras/gate", token))[1] == before
    status, after = await site.call("PATCH", "/v1/cameras/gate", token, json={"location": None})
    assert (status, after["uid"], "location" in after) == (200, uid, False)


async def test_a_region_that_does_not_exist_is_a_mistake_of_who_may_manage(site: Site) -> None:
    await site.add_camera("gate")
    body = {"display_name": "x", "source_url": "rtsp://127.0.0.1/x"}
    lost = {"region": "regions/999999"}
    root = await site.token("root")
    for method, path in (("POST", "/v1/cameras"), ("PATCH", "/v1/cameras/gate")):
        status, answer = await site.call(method, path, root, json=body | lost)
        assert (status, answer["code"], answer["field"]) == (400, "auth.region_unknown", "region")
    for username in ("chen", "resident", "auditor"):
        for region in ("regions/999999", VILLAGE):
            token = await site.token(username)
            status, answer = await site.call("POST", "/v1/cameras", token, json=body | {"region": region})
            assert (status, answer.get("field")) == (403, None), (username, region)
    status, answer = await site.call("POST", "/v1/cameras", root, json=body | {"region": OTHER})
    assert (status, answer["code"]) == (403, "auth.outside_scope")


async def test_only_who_may_manage_writes(site: Site) -> None:
    await site.add_camera("gate")
    body = {"display_name": "x", "region": VILLAGE, "source_url": "rtsp://127.0.0.1/x"}
    for username in ("chen", "away", "resident", "auditor"):
        token = await site.token(username)
        assert (await site.call("POST", "/v1/cameras", token, json=body))[0] == 403, username
        for method in ("PATCH", "DELETE"):
            status, _ = await site.call(method, "/v1/cameras/gate", token, json={"owner": "x"})
            assert status == (403 if username == "chen" else 404), username
    root = await site.token("root")
    status, _ = await site.call("PATCH", "/v1/cameras/gate", root, json={"region": OTHER})
    assert status == 403


async def test_a_state_reaches_readers(site: Site) -> None:
    uid = await site.add_camera("gate")
    token = await site.token()
    site.ingest.set_state("cameras/gate", uid, camera_pb2.OFFLINE, "camera.unreachable: no route")
    deadline = time.monotonic() + 10
    while (await site.call("GET", "/v1/cameras/gate", token))[1]["state"] != "OFFLINE":
        assert time.monotonic() < deadline, "the state never came"
        await asyncio.sleep(0.05)
    status, answer = await site.call("GET", "/v1/cameras/gate/status", token)
    assert status == 200
    assert "clock_offset_ms" not in answer
    assert (answer["state"], answer["state_reason"]) == ("OFFLINE", "camera.unreachable: no route")
    site.ingest.board.session(uid, "cameras/gate").on_camera_clock(-1_500)
    _, answer = await site.call("GET", "/v1/cameras/gate/status", token)
    assert answer["clock_offset_ms"] == -1_500


async def test_unknown_paths_methods_and_long_bodies_are_problems(site: Site) -> None:
    for method, path, status in (
        ("GET", "/v1/nothing", 404),
        ("GET", "/nothing.png", 404),
        ("POST", "/v1/regions", 405),
        ("DELETE", "/v1/cameras", 405),
    ):
        async with site.http.request(method, path) as response:
            assert (response.status, response.content_type) == (status, "application/problem+json")
            answer = await response.json(content_type=None)
            assert {"type", "title", "status", "detail", "code"} <= set(answer)
    token = await site.token("root")
    status, answer = await site.call("POST", "/v1/cameras", token, json={"owner": "x" * (2 << 20)})
    assert (status, answer["status"]) == (413, 413)


async def test_every_answer_has_its_own_type_and_names_no_version(site: Site) -> None:
    for path in ("/", "/v1/openapi.json", "/v1/cameras", "/v1/nothing", "/hls/x/live.m3u8", "/nothing.png"):
        async with site.http.get(path) as response:
            assert response.headers["X-Content-Type-Options"] == "nosniff", path
            assert response.headers["Server"] == "Snowlight", path


async def test_the_openapi_document_names_every_route(site: Site) -> None:
    status, document = await site.call("GET", "/v1/openapi.json")
    assert status == 200
    assert document["openapi"] == "3.1.0"
    assert "patch" in document["paths"]["/v1/cameras/{camera}"]
    assert "/v1/openapi.json" in document["paths"]
    camera = document["paths"]["/v1/cameras/{camera}"]["get"]["responses"]["200"]
    properties = camera["content"]["application/json"]["schema"]["properties"]
    assert properties["uid"]["readOnly"] is True
    assert "revision" not in properties
    doing = document["paths"]["/v1/cameras/{camera}/status"]["get"]["responses"]["200"]
    properties = doing["content"]["application/json"]["schema"]["properties"]
    assert properties["clock_offset_ms"]["type"] == "integer"
    ids = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))


async def test_the_keys_are_public(site: Site) -> None:
    status, answer = await site.call("GET", "/.well-known/jwks.json")
    assert status == 200
    assert all("d" not in key for key in answer["keys"])


async def test_only_an_admin_says_whose_a_camera_is_and_never_that_it_is_theirs(site: Site) -> None:
    await site.add_camera("home", ownership="HOUSEHOLD")
    operator = await site.add_person("operator", COUNTY, auth_pb2.OPERATOR)
    resident = await site.add_person("villager", VILLAGE, auth_pb2.VIEWER, auth_pb2.RESIDENT)
    token = await site.token("operator")
    for change in (
        {"owner": operator},
        {"owner": resident},
        {"ownership": "PUBLIC"},
        {"listed_for_residents": True},
    ):
        status, answer = await site.call("PATCH", "/v1/cameras/home", token, json=change)
        assert status == 403, answer
    body = {
        "region": VILLAGE,
        "source_url": "rtsp://127.0.0.1/x",
        "ownership": "HOUSEHOLD",
        "owner": operator,
    }
    assert (await site.call("POST", "/v1/cameras?camera_id=mine", token, json=body))[0] == 403

    root = await site.token("root")
    own = (await site.call("GET", "/v1/principals", root))[1]["principals"]
    (name,) = [one["name"] for one in own if one["username"] == "root"]
    status, answer = await site.call("PATCH", "/v1/cameras/home", root, json={"owner": name})
    assert (status, answer["code"]) == (403, "auth.own_rights")
    status, answer = await site.call("PATCH", "/v1/cameras/home", root, json={"owner": resident})
    assert (status, answer["owner"]) == (200, resident)
    assert (await site.call("PATCH", "/v1/cameras/home", token, json={"display_name": "门口"}))[0] == 200
