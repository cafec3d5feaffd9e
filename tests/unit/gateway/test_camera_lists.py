"""Lists of very many cameras: their order, their pages under changes, and what lies around a point."""

from __future__ import annotations

import asyncio
import random

import pytest

from services.gateway.cameras.filter import MOST_TERMS
from services.gateway.cameras.listing import HELD_AT_ONCE
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import InvalidArgumentError, NotFoundError
from tests.unit.gateway.cameras_seen import COUNTY, OTHER_VILLAGE, VILLAGE, Cameras

MANY = 28_500


@pytest.fixture
def cameras() -> Cameras:
    return Cameras()


def test_pages_of_28500_cameras_hold_each_once_while_cameras_come_and_go(cameras: Cameras) -> None:
    chance = random.Random(6)
    names = [f"c{number:05}" for number in range(MANY)]
    for name in chance.sample(names, MANY):
        cameras.put(name, chance.choice((VILLAGE, OTHER_VILLAGE)))
    found: list[str] = []
    token = ""
    gone: set[str] = set()
    while True:
        page = cameras.page(page_size="1000", page_token=token)
        found += [known.uid for known, _ in page.cameras]
        token = page.next_page_token
        if not token:
            break
        for name in chance.sample(names, 5):
            cameras.forget(name)
            gone.add(name)
        cameras.put(f"{found[-1]}-new")  # behind where the reader is
        cameras.put(f"{found[0]}-old")  # before it
    assert len(found) == len(set(found))
    assert found == sorted(found)
    assert set(names) - gone <= set(found)
    assert sum(name.endswith("-new") for name in found) == 28
    assert not any(name.endswith("-old") for name in found)
    assert page.total_size == len(cameras.all_pages(page_size="1000"))


async def test_others_have_turns_while_very_many_cameras_are_held_against_a_filter(cameras: Cameras) -> None:
    names = [f"c{number:05}" for number in range(MANY)]
    for name in names:
        cameras.put(name)
    terms = MOST_TERMS // 2
    asked = asyncio.create_task(cameras.asked(filter="-x " * terms, page_size="1000"))
    turns = 0
    while not asked.done():
        turns += 1
        await asyncio.sleep(0)
        cameras.forget(names[turns])
        cameras.put(f"a{turns}")
    page = await asked
    assert turns >= MANY * terms // HELD_AT_ONCE
    assert page.total_size == MANY, "as it was when it was asked for"
    assert [known.uid for known, _ in page.cameras] == names[:1000]


def test_every_order_goes_through_its_pages(cameras: Cameras) -> None:
    states = (camera_pb2.ONLINE, camera_pb2.OFFLINE, camera_pb2.CONNECTING)
    for number in range(30):
        cameras.place(
            f"c{number:02}",
            31 + number / 1000,
            113,
            display_name=f"Gate {number % 4}",
            state=states[number % 3],
        )
    ids = [f"c{number:02}" for number in range(30)]
    number_of = {name: int(name[1:]) for name in ids}
    state_of = {name: states[number_of[name] % 3] for name in ids}
    expected = {
        "": ids,
        "name desc": ids[::-1],
        "display_name": sorted(ids, key=lambda name: (number_of[name] % 4, name)),
        "display_name desc": sorted(ids, key=lambda name: (-(number_of[name] % 4), name)),
        "state desc , name desc": sorted(ids, key=lambda name: (state_of[name], name))[::-1],
        "state,display_name desc": sorted(
            ids, key=lambda name: (state_of[name], -(number_of[name] % 4), name)
        ),
    }
    for order, names in expected.items():
        assert cameras.all_pages(order_by=order, page_size="7") == names, order
    near = {"near": "31.0104,113", "radius": "20000", "page_size": "7"}
    by_distance = sorted(ids, key=lambda name: abs(31 + number_of[name] / 1000 - 31.0104))
    assert cameras.all_pages(**near) == by_distance
    assert cameras.all_pages(**near, order_by="distance desc") == by_distance[::-1]
    assert cameras.all_pages(**near, order_by="name") == ids


def test_a_state_that_changes_is_found_at_once(cameras: Cameras) -> None:
    cameras.put("gate", state=camera_pb2.ONLINE)
    assert cameras.names(filter="state=OFFLINE") == []
    cameras.model.set_state("gate", camera_pb2.OFFLINE, "camera.unreachable", 0)
    assert cameras.names(filter="state=OFFLINE") == ["gate"]
    cameras.put("gate", display_name="other")
    assert cameras.names(filter="state=OFFLINE other") == ["gate"], "a version that tells none keeps it"
    cameras.forget("gate")
    assert cameras.names() == []


def test_a_region_holds_what_is_below_it(cameras: Cameras) -> None:
    cameras.put("one", VILLAGE)
    cameras.put("two", OTHER_VILLAGE)
    assert cameras.names(region=VILLAGE) == ["one"]
    assert cameras.names(region=COUNTY) == ["one", "two"]
    cameras.put("one", OTHER_VILLAGE)
    assert cameras.names(region=VILLAGE) == []
    with pytest.raises(NotFoundError):
        cameras.names(region="regions/99")


def test_a_token_is_of_its_own_list(cameras: Cameras) -> None:
    for number in range(3):
        cameras.put(f"c{number}")
    token = cameras.page(page_size="1").next_page_token
    assert cameras.names(page_size="2", page_token=token) == ["c1", "c2"], "pages may differ in size"
    for query in (
        {"filter": "c"},
        {"order_by": "name desc"},
        {"region": VILLAGE},
        {"near": "31,113"},
    ):
        with pytest.raises(InvalidArgumentError) as refused:
            cameras.names(**query, page_token=token)
        assert refused.value.field == "page_token"
    for token in ("W10", "eyJhIjoxfQ", "bnVsbA", "W1siYSJdXQ", "!", "é", "W" * 5000):
        with pytest.raises(InvalidArgumentError) as refused:
            cameras.names(page_token=token)
        assert refused.value.field == "page_token"


@pytest.mark.parametrize(
    ("here", "there", "metres"),
    [
        ((31.6, 113.8), (31.6, 113.8), 0),
        ((31.6, 113.8), (31.61, 113.8), 1_111.95),
        ((31.6, 113.8), (31.6, 113.81), 947.09),
        ((0.0, 179.999), (0.0, -179.999), 222.39),
        ((-16.5, -179.99), (-16.5, 179.99), 2_132.4),
        ((89.99, 0.0), (89.99, 180.0), 2_223.9),
        ((-89.995, 90.0), (-89.995, -45.0), 1_027.3),
    ],
)
def test_distances_hold_at_the_date_line_and_the_poles(
    cameras: Cameras, here: tuple[float, float], there: tuple[float, float], metres: float
) -> None:
    cameras.place("there", *there)
    cameras.put("nowhere")
    near = f"{here[0]},{here[1]}"
    ((known, distance_m),) = cameras.page(near=near, radius=str(metres + 2)).cameras
    assert known.uid == "there"
    assert distance_m == pytest.approx(metres, abs=0.5)
    if metres > 3:
        assert cameras.names(near=near, radius=str(metres - 1)) == []


def test_a_circle_moves_with_its_cameras(cameras: Cameras) -> None:
    around = {"near": "31.6,113.8", "radius": "100"}
    cameras.place("gate", 31.6, 113.8)
    assert cameras.names(**around) == ["gate"]
    cameras.place("gate", 31.7, 113.8)
    assert cameras.names(**around) == []
    cameras.place("gate", 31.6, 113.8)
    assert cameras.names(**around, filter="gate", region=VILLAGE) == ["gate"]
    assert cameras.names(**around, region=OTHER_VILLAGE) == []
    cameras.put("gate")
    assert cameras.names(**around) == [], "it has no location any more"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"near": "31"}, "near"),
        ({"near": "31,113,5"}, "near"),
        ({"near": "91,113"}, "near"),
        ({"near": "nan,113"}, "near"),
        ({"near": "31,-180.1"}, "near"),
        ({"near": "1e1,1"}, "near"),
        ({"near": ""}, "near"),
        ({"near": "31,113", "radius": "0"}, "radius"),
        ({"near": "31,113", "radius": "20001"}, "radius"),
        ({"near": "31,113", "radius": "inf"}, "radius"),
        ({"near": "31,113", "radius": ""}, "radius"),
        ({"radius": "5"}, "radius"),
        ({"order_by": "colour"}, "order_by"),
        ({"order_by": "name up"}, "order_by"),
        ({"order_by": "name,"}, "order_by"),
        ({"order_by": "name,name desc"}, "order_by"),
        ({"order_by": "distance"}, "order_by"),
        ({"order_by": "name" * 50}, "order_by"),
        ({"region": "\ud800"}, "region"),
    ],
)
def test_a_wrong_parameter_is_named(cameras: Cameras, query: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        cameras.names(**query)
    assert refused.value.field == field
