"""Footage held past its retention, by whom the policies let."""

from typing import Any

import pytest

from snowlight.instants import format_instant
from tests.rpc.gateway.site import Site
from tests.waiting import eventually


@pytest.fixture
async def camera(site: Site) -> str:
    await site.add_camera("gate")
    return "cameras/gate"


def hold_of(site: Site, camera: str, **fields: Any) -> dict[str, Any]:
    now_ms = site.clock.now_ms()
    return {
        "camera": camera,
        "start": format_instant(now_ms - 3_600_000),
        "end": format_instant(now_ms),
        "case_number": "鄂广公立字[2026]1126号",
        "reason": "盗窃案",
    } | fields


async def held(site: Site, token: str, camera: str) -> dict[str, Any]:
    """A hold, once storage has heard of the camera."""
    made: dict[str, Any] = {}

    async def known() -> bool:
        nonlocal made
        status, made = await site.call("POST", "/v1/holds", token, json=hold_of(site, camera))
        return status == 200

    await eventually(known)
    return made


async def test_a_hold_is_made_listed_and_let_go_by_somebody_else(site: Site, camera: str) -> None:
    root, second = await site.token("root"), await site.token("second")
    hold = await held(site, root, camera)
    assert (hold["camera"], hold["reason"], hold["release_time"]) == (camera, "盗窃案", None)
    assert hold["created_by"].startswith("principals/")
    status, listed = await site.call("GET", f"/v1/holds?camera={camera}", second)
    assert (status, [one["name"] for one in listed["holds"]]) == (200, [hold["name"]])

    status, answer = await site.call("POST", f"/v1/{hold['name']}:release", root, json={"reason": "结案"})
    assert (status, answer["code"]) == (403, "hold.second_person")
    status, answer = await site.call("POST", f"/v1/{hold['name']}:release", second, json={"reason": "结案"})
    assert (status, answer["release_reason"]) == (200, "结案")
    assert (await site.call("GET", "/v1/holds", root))[1]["holds"] == []
    everything = (await site.call("GET", "/v1/holds?all=true", root))[1]["holds"]
    assert [one["name"] for one in everything] == [hold["name"]]


async def test_who_may_not_hold_learns_of_none(site: Site, camera: str) -> None:
    root = await site.token("root")
    hold = await held(site, root, camera)
    cadre, away = await site.token("chen"), await site.token("away")
    status, answer = await site.call("POST", "/v1/holds", cadre, json=hold_of(site, camera))
    assert (status, answer["code"]) == (403, "auth.role_missing")
    assert (await site.call("POST", "/v1/holds", away, json=hold_of(site, camera)))[0] == 404
    for token in (cadre, away):
        assert (await site.call("GET", "/v1/holds", token))[1]["holds"] == []
        status, _ = await site.call("POST", f"/v1/{hold['name']}:release", token, json={"reason": "x"})
        assert status == 404
    assert (await site.call("POST", "/v1/holds", json=hold_of(site, camera)))[0] == 401


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"start": "yesterday"}, "start"),
        ({"case_number": ""}, "case_number"),
        ({"expire_time": "never"}, "expire_time"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_is_wrong_is_named(site: Site, camera: str, fields: dict[str, Any], field: str) -> None:
    status, answer = await site.call(
        "POST", "/v1/holds", await site.token("root"), json=hold_of(site, camera, **fields)
    )
    assert (status, answer["field"]) == (400, field)
