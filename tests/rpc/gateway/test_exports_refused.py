"""Exports that are not made, and exports that are nobody else's business."""

from typing import Any

import pytest

from snowlight.instants import format_instant
from tests.rpc.gateway.exporting import Yard, settle_yard
from tests.rpc.gateway.people import VILLAGE
from tests.rpc.gateway.site import Site
from tests.rpc.gateway.street import Street

DAY_MS = 86_400_000


@pytest.fixture
async def yard(site: Site) -> Yard:
    return await settle_yard(site)


async def test_what_is_wrong_is_named(yard: Yard) -> None:
    token = await yard.site.token("root")
    start, end = format_instant(yard.start_ms), format_instant(yard.end_ms)
    wrong: list[tuple[dict[str, Any], int, str]] = [
        ({"start": end, "end": start}, 400, "end"),
        ({"end": start}, 400, "end"),
        ({"start": format_instant(yard.end_ms - 365 * DAY_MS)}, 400, "end"),
        ({"end": format_instant(yard.site.clock.now_ms() + 60_000)}, 400, "end"),
        ({"start": "2026-11-26T08:30:00"}, 400, "start"),
        ({"start": "yesterday"}, 400, "start"),
        ({"start": None}, 400, "start"),
        ({"cameras": ["cameras/gate", "cameras/nowhere"]}, 404, "cameras[1]"),
        ({"cameras": []}, 400, "cameras"),
        ({"cameras": "cameras/gate"}, 400, "cameras"),
        ({"cameras": ["cameras/gate", 7]}, 400, "cameras[1]"),
        ({"cameras": ["cameras/gate", "cameras/gate"]}, 400, "cameras[1]"),
        ({"cameras": [f"cameras/c{number}" for number in range(1000)]}, 400, "cameras"),
        ({"reason": ""}, 400, "reason"),
        ({"reason": "  "}, 400, "reason"),
        ({"reason": "x" * 401}, 400, "reason"),
        ({"case_number": None}, 400, "case_number"),
        ({"cut": "NEAT"}, 400, "cut"),
        ({"burn_in": "yes"}, 400, "burn_in"),
        ({"colour": "red"}, 400, "colour"),
    ]
    for fields, status, field in wrong:
        answer = await yard.site.call("POST", "/v1/exports", token, json=yard.wish("gate", **fields))
        assert (answer[0], answer[1].get("field")) == (status, field), fields
    assert (await yard.site.call("GET", "/v1/exports", token))[1]["exports"] == []


async def test_who_may_not_export_makes_none_and_it_is_on_record(yard: Yard) -> None:
    site = yard.site
    chen, away = await site.token("chen"), await site.token("away")
    status, answer = await site.call("POST", "/v1/exports", chen, json=yard.wish("gate", "lane"))
    assert (status, answer["code"], answer["field"]) == (403, "auth.role_missing", "cameras[0]")
    refused = await site.audit(action="export", allowed=False)
    assert {record.camera_uid for record in refused} == set(yard.uids.values())
    assert (await site.call("POST", "/v1/exports", away, json=yard.wish("gate")))[0] == 404
    assert (await site.call("POST", "/v1/exports", json=yard.wish("gate")))[0] == 401


async def test_an_export_exists_for_its_maker_and_who_might_have_made_it(yard: Yard) -> None:
    site, export = yard.site, await yard.done("gate", "lane")
    root, second = await site.token("root"), await site.token("second")
    mine = (await site.call("GET", "/v1/exports", root))[1]["exports"]
    assert [each["name"] for each in mine] == [export["name"]]
    assert (await site.call("GET", "/v1/exports", second))[1]["exports"] == []
    everybodys = (await site.call("GET", "/v1/exports?all=true", second))[1]["exports"]
    assert [each["name"] for each in everybodys] == [export["name"]]
    assert (await yard.load(f"/v1/{export['name']}/download", by="second"))[0] == 200

    for person in ("chen", "away", "resident"):
        token = await site.token(person)
        assert (await site.call("GET", "/v1/exports?all=true", token))[1]["exports"] == []
        for name in (export["name"], "exports/0123-ab"):
            for path in ("", "/download", "/manifest", "/signature"):
                assert (await site.call("GET", f"/v1/{name}{path}", token))[0] == 404
            assert (await site.call("POST", f"/v1/{name}:cancel", token))[0] == 404


async def test_one_that_is_not_done_can_be_ended_and_gives_nothing(yard: Yard) -> None:
    site, root = yard.site, await yard.site.token("root")
    young = format_instant(site.clock.now_ms() - 1000)
    waiting = await yard.create("gate", end=young)
    assert (waiting["state"], waiting["phase"]) == ("PENDING", "WAITING")
    status, answer = await site.call("GET", f"/v1/{waiting['name']}/download", root)
    assert (status, answer["code"]) == (412, "export.not_ready")
    assert (await site.call("POST", f"/v1/{waiting['name']}:cancel", root))[1]["state"] == "CANCELLED"
    status, answer = await site.call("POST", f"/v1/{waiting['name']}:cancel", root)
    assert (status, answer["code"]) == (412, "export.done")


async def test_police_name_the_incident_to_export(street: Street) -> None:
    site = street.site
    await site.add_camera("corner", region=VILLAGE)
    now_ms = site.clock.now_ms()
    wish = {
        "cameras": ["cameras/corner"],
        "start": format_instant(now_ms - 3_600_000),
        "end": format_instant(now_ms - 1_800_000),
        "reason": "theft",
    }
    status, answer = await street.call("sergeant", "POST", "/v1/exports", wish | {"case_number": "none"})
    assert (status, answer["field"]) == (403, "cameras[0]")
    status, answer = await street.call("sergeant", "POST", "/v1/exports", wish | {"case_number": "A42132026"})
    assert status == 200 or answer["code"] == "export.camera_unknown"
