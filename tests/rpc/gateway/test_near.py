"""A point, a radius and some minutes: the cameras there and what they recorded, as far as one may be told."""

from __future__ import annotations

from typing import Any

import pytest

from snowlight.instants import format_instant
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.people import COUNTY
from tests.rpc.gateway.street import Past, Street, in_ms

HERE = {"latitude": 31.6, "longitude": 113.8}


class Around(Past):
    """A household's camera at the corner, and others up to 3 km from it."""

    def query(self, **changes: Any) -> str:
        asked = HERE | {
            "radius": 1000,
            "start": format_instant(self.at(0)),
            "end": format_instant(self.at(40)),
        }
        return "/v1/footage:near?" + "&".join(f"{name}={value}" for name, value in (asked | changes).items())

    async def found(self, by: str, **changes: Any) -> dict[str, list[tuple[float, float]]]:
        """What is recorded, in minutes, by camera, nearest first."""
        answer = await self.street.done(by, "GET", self.query(**changes))
        return {
            camera["name"].removeprefix("cameras/"): [
                (self.minute(in_ms(span["start"])), self.minute(in_ms(span["end"])))
                for span in camera["spans"]
            ]
            for camera in answer["cameras"]
        }


@pytest.fixture
async def around(street: Street) -> Around:
    site = street.site
    past = Around(street, site.clock.now_ms() // 1000 * 1000 + 1000)
    await street.done("root", "PATCH", "/v1/cameras/home", {"location": HERE})
    gate = await site.add_camera("gate", location={"latitude": 31.605, "longitude": 113.8})
    await site.add_camera("hall", region=COUNTY, location={"latitude": 31.601, "longitude": 113.8})
    await site.add_camera("far", location={"latitude": 31.627, "longitude": 113.8})
    await site.add_camera("unplaced")
    await site.pass_time(41 * 60)
    for uid, minute in ((street.home, 5), (street.home, 15), (gate, 15), (gate, 35)):
        footage = session(past.at(minute), 12)
        file = site.spool(uid, footage.init, footage.fragments)
        if minute < 20:
            await site.commit(uid, file)
    return past


async def test_what_was_recorded_around_a_point_is_found_nearest_first(around: Around) -> None:
    assert await around.found("root") == {
        "home": [(5, 5.2), (15, 15.2)],
        "hall": [],
        "gate": [(15, 15.2), (35, 35.2)],
    }
    assert list(await around.found("root", radius=200)) == ["home", "hall"]
    assert list(await around.found("root", radius=5000)) == ["home", "hall", "gate", "far"]
    soon = {"start": format_instant(around.at(15.1)), "end": format_instant(around.at(30))}
    assert (await around.found("root", **soon))["gate"] == [(15.1, 15.2)]
    answer = await around.street.done("root", "GET", around.query())
    assert [camera["distance_m"] for camera in answer["cameras"]] == [0, 111.2, 556.0]
    assert answer["cameras"][0]["location"] == HERE
    assert "source_url" not in answer["cameras"][0]


async def test_nobody_finds_what_they_may_not_know_of(around: Around) -> None:
    assert list(await around.found("chen")) == ["home", "gate"], "the hall is the county's"
    assert await around.found("away") == {}
    assert await around.found("auditor") == {}
    assert list(await around.found("owner")) == ["home"]


async def test_a_case_of_ten_minutes_tells_these_alone(around: Around) -> None:
    grant = await around.street.done(
        "sergeant",
        "POST",
        "/v1/grants",
        {
            "kind": "case",
            "cameras": ["cameras/home"],
            "actions": ["playback"],
            "case_number": "A2026-0117",
            "reason": "theft of a tractor",
            "duration_s": 3600,
            "beneficiary": await around.street.name("away"),
            "window_start": format_instant(around.at(10)),
            "window_end": format_instant(around.at(20)),
        },
    )
    await around.street.done("second", "POST", f"/v1/{grant['name']}:approve", {})
    assert await around.found("away") == {"home": [(15, 15.2)]}
    before = {"start": format_instant(around.at(0)), "end": format_instant(around.at(9))}
    assert await around.found("away", **before) == {"home": []}


async def test_its_pages_go_on_behind_the_last_camera(around: Around) -> None:
    token, found = "", []
    for _ in range(3):
        page = await around.street.done("root", "GET", around.query(page_size=1, page_token=token))
        found += [camera["name"] for camera in page["cameras"]]
        token = page["next_page_token"]
    assert (found, token) == (["cameras/home", "cameras/hall", "cameras/gate"], "")
    first = await around.street.done("root", "GET", around.query(page_size=1))
    elsewhere = around.query(radius=999, page_token=first["next_page_token"])
    status, problem = await around.street.call("root", "GET", elsewhere)
    assert (status, problem["field"]) == (400, "page_token")


async def test_one_whose_connection_comes_and_goes_is_cut_short(around: Around) -> None:
    site, uid = around.street.site, await around.street.site.add_camera("loose", location=HERE)
    for second in range(0, 501 * 4, 4):
        footage = session(around.at(0) + second * 1000, 1)
        site.spool(uid, footage.init, footage.fragments)
    answer = await around.street.done("root", "GET", around.query(radius=1))
    spans = {camera["name"]: (len(camera["spans"]), camera["more_spans"]) for camera in answer["cameras"]}
    assert spans == {"cameras/home": (2, False), "cameras/loose": (500, True)}


async def test_a_wrong_parameter_is_named(around: Around) -> None:
    for changes, field in (
        ({"latitude": 91}, "latitude"),
        ({"latitude": ""}, "latitude"),
        ({"longitude": "x"}, "longitude"),
        ({"radius": ""}, "radius"),
        ({"radius": 5001}, "radius"),
        ({"start": "yesterday"}, "start"),
        ({"start": ""}, "start"),
        ({"end": format_instant(around.at(0))}, "end"),
        ({"end": format_instant(around.at(24 * 60 + 1))}, "end"),
        ({"page_size": 201}, "page_size"),
        ({"page_token": "x"}, "page_token"),
    ):
        status, problem = await around.street.call("root", "GET", around.query(**changes))
        assert (status, problem["field"]) == (400, field), changes
