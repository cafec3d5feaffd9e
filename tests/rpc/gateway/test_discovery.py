"""Cameras of a network are found by who may register them, and registered from what was found."""

from __future__ import annotations

import csv
import io

from simulator.onvif.device import OnvifFaults
from tests.openapi_document import Documented
from tests.rpc.discovery.devices import SECRET, device, hosts, on_air
from tests.rpc.gateway.people import VILLAGE
from tests.rpc.gateway.site import Site

GIVEN = {"region": VILLAGE, "username": "admin", "password": SECRET.password}


async def test_what_is_found_is_registered_and_then_known(site: Site) -> None:
    token = await site.token("root")
    good, bad = hosts(2)
    async with on_air([device(good, ptz=True), device(bad, faults=OnvifFaults(garbage=True))]):
        status, answer = await site.call(
            "POST", "/v1/cameras:discover", token, json={**GIVEN, "networks": [f"{good}/30"]}
        )
        assert status == 200
        assert Documented(await site.openapi()).faults("POST", "/v1/cameras:discover", 200, answer) == []
        found = {each["address"]: each for each in answer["cameras"]}
        assert found[bad]["problem"].startswith("camera.protocol_error: ")
        assert (found[good]["camera"], found[good]["problem"]) == ("", "")

        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow(
            ["camera_id", "display_name", "region", "source_url", "sub_source_url", "dossier.ptz"]
        )
        one = found[good]
        writer.writerow(["gate", one["display_name"], VILLAGE, one["main_url"], one["sub_url"], "true"])
        status, report = await site.call(
            "POST",
            "/v1/cameras:import",
            token,
            data=file.getvalue().encode(),
            headers={"Content-Type": "text/csv"},
        )
        assert (status, report["created"]) == (200, 1)
        status, camera = await site.call("GET", "/v1/cameras/gate", token)
        assert camera["dossier"]["ptz"] == "true"

        status, again = await site.call(
            "POST", "/v1/cameras:discover", token, json={**GIVEN, "networks": [good]}
        )
    assert [each["camera"] for each in again["cameras"]] == ["cameras/gate"]
    assert SECRET.password not in str(again)


async def test_who_may_not_register_there_may_not_look(site: Site) -> None:
    asked = {**GIVEN, "networks": ["127.0.0.1"]}
    for username in ("chen", "resident", "away"):
        token = await site.token(username)
        status, answer = await site.call("POST", "/v1/cameras:discover", token, json=asked)
        assert status == 403, answer
    assert (await site.call("POST", "/v1/cameras:discover", json=asked))[0] == 401


async def test_what_is_wrong_with_a_search_is_told_by_field(site: Site) -> None:
    token = await site.token("root")
    for body, status, field in (
        ({"networks": ["127.0.0.1"]}, 400, "region"),
        ({**GIVEN, "networks": ["gate"]}, 400, "networks"),
        ({**GIVEN, "networks": ["10.1.0.0/24"]}, 403, "networks"),
        ({**GIVEN, "interface": 5}, 400, "interface"),
        ({**GIVEN, "colour": "red"}, 400, "colour"),
    ):
        got, answer = await site.call("POST", "/v1/cameras:discover", token, json=body)
        assert (got, answer["field"]) == (status, field), answer
        assert SECRET.password not in str(answer)
