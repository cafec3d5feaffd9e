"""A wall's large screen is read from afar: all sizes grow with it, and what is painted keeps its place."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Locator, ViewportSize, expect

from tests.console.screen import Screen
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")

DESK, WALL_4K = ViewportSize(width=1920, height=1080), ViewportSize(width=3840, height=2160)
UNIT = 1.75
"""So many times larger is all on a 4K screen."""
SMALLEST_PX = 19
"""Of an em at 4K: 5 mm on a screen 1 m wide, read at two metres."""
MAP_EDGE = 60
"""Between the outermost cameras and the edge of a map that shows all of them, pixels of the design."""

_SIZES = """() => {
  const sizes = {};
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (texts.currentNode.data.trim() === '' || element.closest('.visually-hidden, .icon, script')) continue;
    if (element.getClientRects().length === 0) continue;
    const scale = element instanceof SVGElement ? element.getScreenCTM().a : 1;
    sizes[texts.currentNode.data.trim()] = parseFloat(getComputedStyle(element).fontSize) * scale;
  }
  return sizes;
}"""
"""The size of each text that is shown, px; numbers inside icons are not text."""
_OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def _sizes(screen: Screen, address: str, size: ViewportSize) -> dict[str, float]:
    await screen.page.set_viewport_size(size)
    await screen.page.goto(f"{screen.village.url}/#/{address}")
    main = screen.page.get_by_role("main")
    await screen.is_seen(main.get_by_role("heading").first)
    await expect(main.locator(".spinner")).to_have_count(0)
    sizes: dict[str, float] = await screen.page.evaluate(_SIZES)
    return sizes


async def _box(part: Locator) -> tuple[float, float, float, float]:
    box = await part.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


async def test_every_text_is_larger_on_a_large_screen(screen: Screen) -> None:
    await screen.sign_in()
    for address in ("", "cameras/gate", "find", "operate/dashboard"):
        desk = await _sizes(screen, address, DESK)
        wall = await _sizes(screen, address, WALL_4K)
        assert {text: px for text, px in wall.items() if px < SMALLEST_PX} == {}
        assert await screen.page.evaluate(_OVERFLOW) <= 0
        for text in desk.keys() & wall.keys():
            assert wall[text] == pytest.approx(desk[text] * UNIT, abs=0.1), text


async def test_rows_and_icons_grow_with_the_text(screen: Screen) -> None:
    await screen.sign_in()
    await screen.page.set_viewport_size(DESK)
    rows, icon = screen.page.locator(".tree-row"), screen.part("operate").locator("svg")

    async def measured() -> list[float]:
        (_, first, _, height), (_, second, _, _) = await _box(rows.nth(0)), await _box(rows.nth(1))
        return [height, second - first, (await _box(icon))[2]]

    desk = await measured()
    await screen.page.set_viewport_size(WALL_4K)
    larger = pytest.approx([each * UNIT for each in desk], abs=1)

    async def grown() -> bool:
        return bool(await measured() == larger)

    await eventually(grown)


async def test_the_pointer_is_on_what_it_points_at(screen: Screen) -> None:
    for camera_id, longitude in {"gate": 113.80, "bridge": 113.80, "clinic": 113.81}.items():
        location = {"latitude": 31.6, "longitude": longitude}
        answer = await screen.village.person.ask(
            "PATCH", f"/v1/cameras/{camera_id}", json={"location": location}
        )
        assert answer.status == 200, answer
    await screen.sign_in()
    await screen.page.set_viewport_size(WALL_4K)
    await screen.page.goto(f"{screen.village.url}/#/cameras/gate")
    timeline = screen.part("timeline")
    await screen.is_seen(timeline)
    await timeline.get_by_text("1 h", exact=True).click()
    await expect(timeline).to_have_attribute("data-moving", "false")
    x, y, width, _ = await _box(screen.part("timeline-canvas"))
    start, end = [
        float(await timeline.get_attribute(f"data-view-{edge}") or 0) / 1000 for edge in ("start", "end")
    ]
    for share in (0.1, 0.5, 0.9):
        await screen.page.mouse.move(x + share * width, y + 50 * UNIT)
        pointed = datetime.fromtimestamp(start + share * (end - start), ZoneInfo("Asia/Shanghai"))
        said = await screen.part("hover-bubble").locator("b").inner_text()
        apart = datetime.strptime(said, "%H:%M:%S") - datetime.strptime(f"{pointed:%H:%M:%S}", "%H:%M:%S")
        assert abs(apart.total_seconds()) <= 5, (said, pointed)
        left, _, wide, _ = await _box(screen.part("hover-bubble"))
        assert left + wide / 2 == pytest.approx(x + share * width, abs=2)

    await screen.page.goto(f"{screen.village.url}/#/find")
    x, y, width, height = await _box(screen.part("map"))
    at = (x + width - MAP_EDGE * UNIT, y + height / 2)
    handle = screen.part("map-handle")

    async def found() -> bool:
        await screen.page.mouse.move(at[0] - 1, at[1])
        await screen.page.mouse.move(*at)
        return await handle.count() > 0

    await eventually(found)
    await expect(handle).to_have_attribute("data-camera", "cameras/clinic")
    left, top, wide, high = await _box(handle)
    assert (left + wide / 2, top + high / 2) == pytest.approx(at, abs=3)
