"""Layouts of the wall and favourites over HTTP: they open nothing, and tell each reader what they see."""

from __future__ import annotations

from typing import Any

from tests.rpc.gateway.people import COUNTY, VILLAGE
from tests.rpc.gateway.street import Street

LAYOUTS = "/v1/wall_layouts"


async def wall(street: Street, by: str, **fields: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"display_name": "Morning", "tiles": 4, "cameras": []} | fields
    made: dict[str, Any] = await street.done(by, "POST", LAYOUTS, body)
    return made


async def test_a_shared_layout_shows_each_reader_only_what_they_see(street: Street) -> None:
    await street.site.add_camera("gate")
    await street.site.add_camera("hall", region=COUNTY)
    tiles = ["cameras/hall", None, "cameras/gate", "cameras/home"]
    patrol = {"groups": [{"cameras": ["cameras/hall"]}, {"cameras": ["cameras/gate"]}], "seconds": 10}
    made = await wall(street, "root", cameras=tiles, patrol=patrol, shared_with=COUNTY)
    assert (made["cameras"], made["patrol"], made["shared_with"]) == (tiles, patrol, COUNTY)
    assert made["owner"] == await street.name("root")

    told = await street.done("chen", "GET", f"/v1/{made['name']}")
    assert told["cameras"] == [None, None, "cameras/gate", "cameras/home"]
    assert told["patrol"]["groups"] == [{"cameras": [None]}, {"cameras": ["cameras/gate"]}]
    assert "hall" not in str(told)
    assert (await street.done("chen", "GET", LAYOUTS))["wall_layouts"] == [told]
    assert not await street.sees("chen"), "the home's picture is as closed as before"
    assert (await street.call("chen", "GET", "/v1/cameras/hall"))[0] == 404
    for by in ("resident", "away"):
        assert (await street.done(by, "GET", LAYOUTS))["wall_layouts"] == []
    status, problem = await street.call("chen", "PATCH", f"/v1/{made['name']}", {"tiles": 9})
    assert (status, problem["code"]) == (403, "wall_layout.anothers")
    status, problem = await street.call("chen", "POST", LAYOUTS, made | {"shared_with": COUNTY})
    assert (status, problem["field"]) == (400, "cameras[0]"), "nor does anybody name what they do not see"
    status, problem = await street.call("chen", "POST", LAYOUTS, told)
    assert (status, problem["field"]) == (403, "shared_with")


async def test_a_camera_that_takes_anothers_id_takes_no_tile(street: Street) -> None:
    await street.site.add_camera("gate")
    made = await wall(street, "chen", cameras=["cameras/gate"])
    await street.done("chen", "PUT", "/v1/favourites", {"cameras": ["cameras/gate", "cameras/home"]})
    assert (await street.call("root", "DELETE", "/v1/cameras/gate"))[0] == 204
    await street.site.add_camera("gate")
    assert (await street.done("chen", "GET", f"/v1/{made['name']}"))["cameras"] == [None]
    assert (await street.done("chen", "GET", "/v1/favourites"))["cameras"] == ["cameras/home"]


async def test_a_stale_etag_changes_nothing(street: Street) -> None:
    site, token = street.site, await street.site.token("chen")
    made = await wall(street, "chen")
    path, stale = f"/v1/{made['name']}", {"If-Match": f'"{made["etag"]}"'}
    async with site.http.patch(
        path, json={"tiles": 9}, headers=stale | {"Authorization": f"Bearer {token}"}
    ) as response:
        changed = await response.json()
        assert (response.status, response.headers["ETag"]) == (200, f'"{changed["etag"]}"')
    assert (await site.call("PATCH", path, token, json={"tiles": 16}, headers=stale))[0] == 412
    assert (await site.call("PATCH", path, token, json={"tiles": 16, "etag": made["etag"]}))[0] == 409
    assert (await site.call("DELETE", path, token, headers=stale))[0] == 412
    assert (await site.call("GET", path, token))[1] == changed
    assert (await site.call("DELETE", path, token))[0] == 204
    assert (await site.call("GET", path, token))[0] == 404

    first = (await site.call("GET", "/v1/favourites", token))[1]
    fresh = {"If-Match": f'"{first["etag"]}"'}
    body = {"cameras": ["cameras/home"]}
    assert (await site.call("PUT", "/v1/favourites", token, json=body, headers=fresh))[0] == 200
    assert (await site.call("PUT", "/v1/favourites", token, json=body, headers=fresh))[0] == 412
    assert (await site.call("PUT", "/v1/favourites", token, json=body | first))[0] == 409


async def test_a_script_in_a_name_is_a_name(street: Street) -> None:
    name = "<script>alert(1)</script>\"'&"
    made = await wall(street, "chen", display_name=name)
    token = await street.site.token("chen")
    async with street.site.http.get(
        f"/v1/{made['name']}", headers={"Authorization": f"Bearer {token}"}
    ) as response:
        assert response.content_type == "application/json"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert (await response.json())["display_name"] == name


async def test_a_wrong_field_is_named(street: Street) -> None:
    home = "cameras/home"
    made = await wall(street, "chen")
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"tiles": 5}, "tiles"),
        ({"tiles": "4"}, "tiles"),
        ({"display_name": ""}, "display_name"),
        ({"colour": "red"}, "colour"),
        ({"camera_uids": [home]}, "camera_uids"),
        ({"cameras": home}, "cameras"),
        ({"cameras": [home, 7]}, "cameras[1]"),
        ({"cameras": ["cameras/none"]}, "cameras[0]"),
        ({"cameras": [home] * 5}, "cameras"),
        ({"patrol": []}, "patrol"),
        ({"patrol": {"seconds": 5}}, "patrol.groups"),
        ({"patrol": {"groups": [7], "seconds": 5}}, "patrol.groups[0]"),
        ({"patrol": {"groups": [{"tiles": 4}], "seconds": 5}}, "patrol.groups[0].tiles"),
        ({"patrol": {"groups": [{"cameras": [home, "x"]}]}}, "patrol.groups[0].cameras[1]"),
        ({"patrol": {"groups": [{"cameras": [home] * 5}], "seconds": 5}}, "patrol.groups[0].cameras"),
        ({"patrol": {"groups": [{}], "seconds": "5"}}, "patrol.seconds"),
        ({"patrol": {"groups": [{}]}}, "patrol.seconds"),
        ({"shared_with": "village"}, "shared_with"),
        ({"shared_with": 7}, "shared_with"),
    )
    for body, field in wrong:
        for method, path in (("POST", LAYOUTS), ("PATCH", f"/v1/{made['name']}")):
            whole = {"display_name": "Morning", "tiles": 4} | body if method == "POST" else body
            status, problem = await street.call("chen", method, path, whole)
            assert (status, problem.get("field")) == (400, field), (method, body)
    wrong = (
        ({}, "cameras"),
        ({"cameras": [home, home]}, "cameras[1]"),
        ({"cameras": [None]}, "cameras[0]"),
        ({"cameras": [], "name": "x"}, "name"),
    )
    for body, field in wrong:
        status, problem = await street.call("chen", "PUT", "/v1/favourites", body)
        assert (status, problem["field"]) == (400, field), body
    assert (await street.call("chen", "PATCH", f"/v1/{made['name']}", {}))[0] == 400
    assert (await street.call("chen", "GET", f"{LAYOUTS}/a%20b"))[0] == 400
    for method, path in (("GET", LAYOUTS), ("GET", "/v1/favourites"), ("GET", f"/v1/{made['name']}")):
        assert (await street.site.call(method, path))[0] == 401


async def test_a_patrol_is_taken_away_by_null(street: Street) -> None:
    patrol = {"groups": [{"cameras": ["cameras/home"]}], "seconds": 60}
    made = await wall(street, "chen", patrol=patrol, shared_with=VILLAGE)
    path = f"/v1/{made['name']}"
    assert (await street.done("chen", "PATCH", path, {"display_name": "Night"}))["patrol"] == patrol
    assert "patrol" not in await street.done("chen", "PATCH", path, {"patrol": None})
    assert (await street.done("chen", "PATCH", path, {"shared_with": ""}))["shared_with"] == ""
