"""The wall's small tiles show the sub stream, large ones the main stream; nothing flashes in between."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.console.screen import Screen, watch_advance
from tests.console.village import SMALL_LINES, VILLAGE, Village
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")

MAIN_LINES = 360
PLAZA = "plaza"
_WATCH_FOR_BLACK = """video => {
  video.wasBlack = 0;
  video.addEventListener('emptied', () => { video.wasBlack += 1; });
}"""


@pytest_asyncio.fixture(loop_scope="package")
async def plaza(village: Village) -> AsyncIterator[str]:
    """A camera with a sub stream."""
    await village.person.add_camera(
        PLAZA, region=VILLAGE, source_url=village.urls["gate"], sub_source_url=village.small
    )

    async def online() -> bool:
        return bool((await village.person.camera(PLAZA))["state"] == "ONLINE")

    await eventually(online, 60)
    yield PLAZA
    await village.person.ask("DELETE", f"/v1/cameras/{PLAZA}")


async def test_a_tile_is_the_sub_stream_while_it_is_small(screen: Screen, plaza: str) -> None:
    await screen.sign_in()
    await screen.part("layout-4").click()
    await screen.watch(plaza)
    tile = screen.tile(plaza, "playing")
    await screen.is_seen(tile)
    video = tile.get_by_test_id("tile-video")
    await _shows(video, SMALL_LINES)
    await video.evaluate(_WATCH_FOR_BLACK)

    await tile.locator("[data-cover]").focus()
    await screen.page.keyboard.press("Enter")
    await expect(tile).to_have_attribute("data-place", "enlarged")
    await _shows(video, MAIN_LINES)
    await screen.page.keyboard.press("Enter")
    await expect(tile).to_have_attribute("data-place", "shown")
    await _shows(video, SMALL_LINES)
    assert await video.evaluate("video => video.wasBlack") == 0


async def _shows(video: Locator, lines: int) -> None:
    """Pictures of so many lines, that move on."""

    async def shown() -> bool:
        return bool(await video.evaluate("video => video.videoHeight") == lines)

    await eventually(shown, 30)
    await watch_advance(video)
