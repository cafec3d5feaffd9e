"""What a tile says when there is no picture any more, and that it comes back by itself."""

import re

import pytest
from playwright.async_api import expect

from tests.console.screen import Screen, watch_advance
from tests.console.village import NEXT_VILLAGE, VILLAGE
from tests.rpc.gateway.relay import relaying

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_camera_that_was_unplugged_says_since_when_and_comes_back(screen: Screen) -> None:
    source = screen.village.urls["bridge"]
    address, _, path = source.removeprefix("rtsp://").partition("/")
    async with (
        relaying(address) as cable,
        screen.village.more_cameras({"cable": f"rtsp://{cable.address}/{path}"}),
    ):
        await screen.sign_in()
        await screen.watch("cable")
        await screen.is_seen(screen.tile("cable", "playing"))
        cable.cut()
        dead = screen.tile("cable", "no-signal")
        await expect(dead).to_be_visible(timeout=60_000)
        await expect(dead).to_contain_text(re.compile(r"No signal since (\d\d-\d\d )?\d\d:\d\d"))
        cable.mend()
        back = screen.tile("cable", "playing")
        await expect(back).to_be_visible(timeout=60_000)
        await watch_advance(back.get_by_test_id("tile-video"))


async def test_a_right_that_ends_ends_the_picture_and_says_so(screen: Screen) -> None:
    password = await screen.village.snowlight.add_operator(
        "cadre", scope=VILLAGE, line="government", role="viewer"
    )
    async with screen.village.more_cameras({"moves": screen.village.urls["bridge"]}):
        await screen.sign_in("cadre", password)
        await screen.watch("moves", "bridge")
        tile = screen.tile("moves", "playing")
        await screen.is_seen(tile)
        video = tile.get_by_test_id("tile-video")
        assert await video.evaluate("video => video.buffered.length") > 0
        answer = await screen.village.person.ask("PATCH", "/v1/cameras/moves", json={"region": NEXT_VILLAGE})
        assert answer.status == 200, answer
        ended = screen.tile("moves", "ended")
        await expect(ended).to_be_visible(timeout=3000)
        await expect(ended).to_contain_text("Your right to watch this camera has ended")
        assert await ended.get_by_test_id("tile-video").evaluate("video => video.readyState") == 0
        await screen.is_seen(screen.tile("bridge", "playing"))
