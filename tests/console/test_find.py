"""Finding cameras and footage, and taking it along."""

import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Route, expect

from tests.console.screen import PICTURE_S, Screen
from tests.console.village import VILLAGE, WALL
from tests.person import now

pytestmark = pytest.mark.asyncio(loop_scope="package")

MAST = {"latitude": 31.6, "longitude": 113.80}
"""Where "gate" and "bridge" hang; the clinic is 947 m east of it."""
EAST = {"latitude": 31.6, "longitude": 113.81}
EDGE = 60
"""px between the outermost cameras and the edge of a map that shows all of them."""
RENDERED_MS = 60_000


async def _locate(screen: Screen) -> None:
    for camera_id, location in {"gate": MAST, "bridge": MAST, "clinic": EAST}.items():
        answer = await screen.village.person.ask(
            "PATCH", f"/v1/cameras/{camera_id}", json={"location": location}
        )
        assert answer.status == 200, answer


async def test_cameras_are_found_by_pinyin_and_kept_as_favourites(screen: Screen) -> None:
    await screen.sign_in()
    items = screen.part("camera-item")
    await expect(items).to_have_count(len(WALL) + 2)
    search = screen.part("camera-search")
    await search.fill("llc")  # 柳林村, the village of them all
    await expect(items).to_have_count(len(WALL) + 2)
    await search.fill("llc gat")
    await expect(items).to_have_count(1)
    await search.fill("llc nowhere")
    await expect(items).to_have_count(0)
    await search.fill("")

    await screen.page.locator("[role=treeitem]").first.focus()
    await screen.page.keyboard.press("End")
    await expect(screen.page.locator("[role=treeitem]").last).to_be_focused()
    await screen.page.keyboard.press("Home")
    await screen.page.keyboard.press("ArrowLeft")
    await expect(items).to_have_count(0)
    await screen.page.keyboard.press("ArrowRight")

    gate = items.and_(screen.page.locator('[data-camera="cameras/gate"]'))
    await gate.hover()
    await gate.get_by_test_id("star").click()
    await expect(gate.get_by_test_id("star")).to_have_attribute("aria-pressed", "true")
    await screen.page.reload()
    await screen.part("starred-only").click()
    await expect(items).to_have_count(1)
    await expect(items).to_have_attribute("data-camera", "cameras/gate")
    assert (await screen.village.person.get("/v1/favourites"))["cameras"] == ["cameras/gate"]
    await items.get_by_test_id("star").click()
    await expect(items).to_have_count(0)


async def test_ten_thousand_cameras_are_one_list(screen: Screen) -> None:
    pages: list[str] = []
    told = (await screen.village.person.camera("gate")) | {"state": "ONLINE"}
    places = ("广水大门", "东三桥头", "卫生室", "水库大坝")

    async def page_of(route: Route) -> None:
        at = int(parse_qs(urlsplit(route.request.url).query).get("page_token", ["0"])[0])
        pages.append(route.request.url)
        cameras = [
            told
            | {
                "name": f"cameras/c-{number}",
                "uid": f"c-{number}",
                "display_name": f"{places[number % len(places)]}{number}",
                "region": VILLAGE if number % 2 else "regions/421381",
                "location": {"latitude": 31.4 + number % 100 / 200, "longitude": 113.5 + number / 15_000},
            }
            for number in range(at, at + 1000)
        ]
        following = str(at + 1000) if at < 9000 else ""
        await route.fulfill(json={"cameras": cameras, "next_page_token": following})

    async def silence(route: Route) -> None:
        await route.abort()

    await screen.page.route("**/v1/cameras?*", page_of)
    await screen.page.route("**/v1/events?*", silence)  # they tell that there are no such cameras
    await screen.sign_in()
    items, village = screen.part("camera-item"), screen.page.locator(f'[data-region="{VILLAGE}"]')
    await expect(screen.page.get_by_text("/ 10000")).to_be_visible()
    assert len(pages) >= 10
    await screen.page.locator('[data-region="regions/421381901"]').click()
    await village.click()
    await expect(village).to_contain_text("5000/5000")
    assert 0 < await items.count() < 100
    await screen.page.keyboard.press("End")
    await expect(screen.page.locator(":focus")).to_have_attribute("data-camera", "cameras/c-9998")
    await screen.part("camera-search").fill("gsdm9996")
    await expect(items).to_have_count(1)
    await expect(items).to_contain_text("广水大门9996")
    await screen.part("camera-search").fill("")
    await screen.part("tree-map").click()
    await screen.is_seen(screen.part("map"))


async def test_a_place_on_the_map_leads_to_the_footage_around_it(screen: Screen) -> None:
    await _locate(screen)
    await screen.sign_in()
    await screen.part("nav-find").click()
    await screen.page.reload()  # the map that has never been moved shows all cameras
    await screen.page.mouse.click(*await _spot(screen, east=False))
    picked = screen.part("picked").locator("article")
    await expect(picked).to_have_count(2)
    east = await _spot(screen, east=True)
    await screen.page.mouse.move(*east)
    handle = screen.part("map-handle")
    await expect(handle).to_have_attribute("data-camera", "cameras/clinic")
    await expect(handle).to_have_attribute("draggable", "true")
    await handle.click()
    await expect(picked).to_have_attribute("data-camera", "cameras/clinic")

    await screen.part("picked-around").click()
    await screen.part("near-submit").click()
    found = screen.part("near-camera")
    await expect(found).to_have_count(1)
    await expect(found).to_contain_text("0 m")
    await expect(found).to_contain_text("recorded")
    await expect(found.locator("rect").first).to_be_attached()
    await screen.part("near-radius").fill("2000")
    await screen.part("near-submit").click()
    await expect(found).to_have_count(3)
    await expect(found.first).to_have_attribute("data-camera", "cameras/clinic")
    await expect(found.nth(1)).to_contain_text("947 m")
    await found.first.get_by_role("checkbox").check()
    await found.nth(1).get_by_role("checkbox").check()
    together = await screen.part("near-play").get_attribute("href") or ""
    assert re.match(r"#/cameras/clinic/\d{4}-\d\d-\d\d\?beside=[a-z0-9-]+&at=\d{4}-", together), together

    await screen.part("tool-lasso").click()
    await _draw_around(screen, east)
    await screen.part("near-submit").click()
    await expect(found).to_have_count(1)
    await found.get_by_role("checkbox").check()
    await screen.part("near-play").click()
    await expect(screen.part("day-stage")).to_be_visible(timeout=PICTURE_S * 1000)
    await screen.page.go_back()
    await expect(found).to_have_count(1)


async def test_the_wall_is_filled_from_the_map(screen: Screen) -> None:
    await _locate(screen)
    await screen.sign_in()
    await screen.part("layout-4").click()
    await screen.part("tree-map").click()
    await screen.page.mouse.move(*await _spot(screen, east=True))
    tile = screen.page.get_by_test_id("wall-tile").nth(1)
    await screen.part("map-handle").drag_to(tile)
    await expect(tile).to_have_attribute("data-camera", "cameras/clinic")


async def test_footage_is_held_and_exported_for_a_case(screen: Screen, tmp_path: Path) -> None:
    await screen.sign_in()
    await screen.part("nav-evidence").click()
    await screen.part("tab-holds").click()
    await screen.part("new-hold").click()
    await screen.part("hold-submit").click()
    await expect(screen.page.get_by_text("Enter the case number")).to_be_visible()
    await _choose(screen, "gate")
    await _fill_case(screen)
    await screen.part("hold-submit").click()
    hold = screen.part("hold").filter(has_text="A4213-7")
    await expect(hold).to_have_attribute("data-state", "held")
    await expect(hold).to_contain_text("theft at the gate")
    await hold.get_by_test_id("hold-release").click()
    await screen.part("release-reason").fill("over")
    await screen.part("release-submit").click()
    await expect(screen.part("release-error")).not_to_be_empty()  # not by whoever held it
    await screen.page.keyboard.press("Escape")

    await screen.part("tab-exports").click()
    await screen.part("new-export").click()
    await _choose(screen, "gate", "bridge")
    await _fill_case(screen)
    await screen.part("export-cut").select_option("EXACT")
    await screen.part("export-submit").click()
    waiting = screen.part("export").filter(has_text="A4213-7")
    await expect(waiting).to_have_attribute("data-state", "PENDING")
    await waiting.get_by_test_id("export-cancel").click()
    await expect(waiting).to_have_attribute("data-state", "CANCELLED", timeout=10_000)

    await screen.part("new-export").click()
    await _choose(screen, "gate")
    await _fill_case(screen)
    # A window of which everything has long reached the index, that nothing was recorded in it too.
    past = now().astimezone(ZoneInfo("Asia/Shanghai")) - timedelta(hours=1)
    await screen.part("case-start").fill(f"{past:%Y-%m-%dT%H:%M:%S}")
    await screen.part("case-end").fill(f"{past + timedelta(minutes=1):%Y-%m-%dT%H:%M:%S}")
    await screen.part("export-submit").click()
    ready = screen.part("export").first
    await expect(ready).to_have_attribute("data-state", "SUCCEEDED", timeout=RENDERED_MS)
    async with screen.page.expect_download() as downloading:
        await ready.get_by_test_id("export-download").click()
    download = await downloading.value
    assert download.suggested_filename.startswith("A4213-7_")
    await download.save_as(tmp_path / "package.zip")
    with zipfile.ZipFile(tmp_path / "package.zip") as package:
        manifests = [name for name in package.namelist() if name.endswith("manifest.json")]
        manifest = json.loads(package.read(manifests[0]))
    assert (manifest["case_number"], manifest["reason"]) == ("A4213-7", "theft at the gate")


async def _choose(screen: Screen, *camera_ids: str) -> None:
    """Add cameras in the dialog, by the search and Enter."""
    for camera_id in camera_ids:
        await screen.part("chooser-search").fill(camera_id)
        await screen.part("chooser-search").press("Enter")
        chosen = screen.part("chooser").locator(f'[data-camera="cameras/{camera_id}"]')
        await expect(chosen).to_be_visible()


async def _fill_case(screen: Screen) -> None:
    await screen.part("case-case_number").fill("A4213-7")
    await screen.part("case-reason").fill("theft at the gate")


async def _spot(screen: Screen, *, east: bool) -> tuple[float, float]:
    """Where the map that shows all cameras has the clinic, or the mast."""
    await expect(screen.page.locator(".online-count")).to_contain_text("/ 6")  # all are known
    await screen.part("map-fit").click()
    box = await screen.part("map").bounding_box()
    assert box is not None
    across = box["width"] - EDGE if east else EDGE
    return box["x"] + across, box["y"] + box["height"] / 2


async def _draw_around(screen: Screen, spot: tuple[float, float]) -> None:
    x, y = spot
    mouse = screen.page.mouse
    await mouse.move(x - 40, y - 40)
    await mouse.down()
    for right, down in ((40, -40), (40, 40), (-40, 40)):
        await mouse.move(x + right, y + down, steps=4)
    await mouse.up()
