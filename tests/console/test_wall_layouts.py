"""A wall as people arrange it: dragged, enlarged, kept, and in patrol."""

import pytest
from playwright.async_api import expect

from tests.console.screen import PICTURE_S, Screen, watch_advance
from tests.console.village import WALL

pytestmark = pytest.mark.asyncio(loop_scope="package")

_AT_THE_TURN = """() => {
  const bar = document.querySelector('[data-testid="patrol-bar"]');
  if (bar === null || bar.dataset.group !== '1') return null;
  const tiles = document.querySelectorAll('[data-testid="wall-tile"]:not([data-place="ready"])');
  return [...tiles].map(({ dataset }) => [dataset.camera, dataset.state]).filter(([camera]) => camera);
}"""


async def test_a_picture_is_dragged_and_moved_by_keys(screen: Screen) -> None:
    await screen.sign_in()
    item = screen.part("camera-item").and_(screen.page.locator('[data-camera="cameras/gate"]'))
    await item.drag_to(screen.place(2))
    await expect(screen.place(2)).to_have_attribute("data-camera", "cameras/gate")
    await screen.place(2).drag_to(screen.place(1))
    await expect(screen.place(1)).to_have_attribute("data-camera", "cameras/gate")
    await expect(screen.place(2)).to_have_attribute("data-state", "empty")
    await screen.is_seen(screen.tile("gate", "playing"))
    await screen.place(1).locator("[data-cover]").focus()
    await screen.page.keyboard.press("Shift+ArrowDown")
    await expect(screen.place(3)).to_have_attribute("data-camera", "cameras/gate")
    await expect(screen.place(3).locator("[data-cover]")).to_be_focused()
    await screen.page.keyboard.press("Delete")
    await expect(screen.place(3)).to_have_attribute("data-state", "empty")


async def test_an_enlarged_picture_plays_on(screen: Screen) -> None:
    await screen.sign_in()
    await screen.watch("gate", "bridge")
    tile = screen.tile("gate", "playing")
    await screen.is_seen(tile)
    video = await tile.get_by_test_id("tile-video").element_handle()
    assert video is not None
    small = await tile.bounding_box()
    await tile.locator("[data-cover]").focus()
    await screen.page.keyboard.press("Enter")
    await expect(tile).to_have_attribute("data-place", "enlarged")
    large = await tile.bounding_box()
    assert small is not None and large is not None and large["width"] > 1.8 * small["width"]
    assert await video.evaluate("video => video.isConnected && !video.paused && video.readyState >= 2")
    await expect(screen.tile("bridge", "paused")).to_have_count(1, timeout=PICTURE_S * 1000)
    await watch_advance(tile.get_by_test_id("tile-video"))
    await screen.page.keyboard.press("Escape")
    await expect(tile).to_have_attribute("data-place", "shown")
    await screen.is_seen(screen.tile("bridge", "playing"))
    assert await video.evaluate("video => video.isConnected && !video.paused && video.readyState >= 2")


async def test_a_layout_is_kept_and_put_up_again(screen: Screen) -> None:
    await screen.sign_in()
    await screen.part("layout-9").click()
    await screen.watch("gate", "bridge")
    await screen.part("open-layouts").click()
    await screen.part("layout-name").fill("night shift")
    await screen.part("layout-save").click()
    row = screen.part("layout-row").and_(screen.page.locator('[data-name="night shift"]'))
    await expect(row).to_contain_text("9 pictures")
    await screen.page.keyboard.press("Escape")
    await screen.part("layout-4").click()
    await screen.page.get_by_role("button", name="Clear the wall").click()
    await screen.page.reload()
    await expect(screen.page.locator('[data-testid="wall-tile"]')).to_have_count(4)
    await screen.part("open-layouts").click()
    await row.get_by_test_id("layout-apply").click()
    await expect(screen.page.locator('[data-testid="wall-tile"]')).to_have_count(9)
    await expect(screen.place(0)).to_have_attribute("data-camera", "cameras/gate")
    await expect(screen.place(1)).to_have_attribute("data-camera", "cameras/bridge")
    await screen.part("open-layouts").click()
    await row.get_by_test_id("layout-remove").click()
    await expect(row).to_have_count(0)


async def test_a_patrol_turns_without_a_gap_and_waits_while_one_looks(screen: Screen) -> None:
    await screen.sign_in()
    await screen.part("layout-4").click()
    await screen.part("open-patrol").click()
    await screen.part("patrol-seconds").fill("15")
    await screen.part("patrol-start").click()
    bar = screen.part("patrol-bar")
    await expect(bar).to_have_attribute("data-group", "0")
    await screen.page.mouse.move(5, 5)
    for camera_id in WALL[:3]:
        await screen.is_seen(screen.tile(camera_id, "playing"))
    handle = await screen.page.wait_for_function(_AT_THE_TURN, timeout=60_000)
    assert await handle.json_value() == [["cameras/square", "playing"]]
    await screen.part("wall-grid").hover()
    await expect(bar).to_have_attribute("data-held", "true")
    await screen.page.mouse.move(5, 5)
    await expect(bar).to_have_attribute("data-held", "false")
    await screen.part("patrol-pause").click()
    await expect(bar).to_contain_text("Paused")
    await screen.part("patrol-next").click()
    await expect(bar).to_have_attribute("data-group", "0")
    await screen.part("patrol-stop").click()
    await expect(bar).to_have_count(0)
