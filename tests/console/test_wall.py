"""The wall: live pictures, and why there is none."""

import json
import re
import time

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.console.screen import Screen, burnt_in_instant, watch_advance
from tests.console.village import H265, OFFLINE, WALL

pytestmark = pytest.mark.asyncio(loop_scope="package")

ENCODED_S = 3
"""What encoding anew adds, on a busy machine."""
LATENCY_S = 3
"""At the very most, from the scene to the screen: fragments of half a second, on a busy machine."""
PLAIN_LATENCY_S = 15
"""The same of a browser's own player, which keeps three target durations and more behind."""


async def test_a_live_picture_advances_and_is_of_now(screen: Screen) -> None:
    await screen.sign_in()
    await screen.part("layout-1").click()
    await screen.watch("gate")
    tile = screen.tile("gate", "playing")
    await screen.is_seen(tile)
    video = tile.get_by_test_id("tile-video")
    await watch_advance(video)
    instant = await burnt_in_instant(video)
    assert instant is not None
    assert 0 < time.time() - instant < LATENCY_S


async def test_four_cameras_play_on_one_wall(screen: Screen) -> None:
    await screen.sign_in()
    await screen.part("layout-4").click()
    await screen.watch(*WALL)
    for camera_id in WALL:
        await screen.is_seen(screen.tile(camera_id, "playing"))
    for camera_id in WALL:
        await watch_advance(screen.tile(camera_id, "playing").get_by_test_id("tile-video"))
    await expect(screen.page.locator('[data-testid="wall-tile"][data-state="playing"]')).to_have_count(4)


async def test_what_this_browser_cannot_decode_comes_in_a_codec_that_it_can(screen: Screen) -> None:
    await screen.sign_in()
    await screen.watch(H265)
    tile = screen.tile(H265, "playing")
    await screen.is_seen(tile)
    video = tile.get_by_test_id("tile-video")
    await watch_advance(video)
    instant = await burnt_in_instant(video)
    assert instant is not None
    assert 0 < time.time() - instant < LATENCY_S + ENCODED_S


async def test_where_the_cores_do_not_suffice_for_that_the_codec_is_named_and_what_to_do(
    screen: Screen,
) -> None:
    await screen.page.route_web_socket("**/ws", _without_cores)
    await screen.sign_in()
    await screen.watch(H265)
    tile = screen.tile(H265, "unplayable")
    await screen.is_seen(tile)
    await expect(tile).to_contain_text("This browser cannot decode H.265")
    await expect(tile).to_contain_text("has no room for more now")


async def test_a_camera_that_is_away_says_why(screen: Screen) -> None:
    await screen.sign_in()
    await screen.watch(OFFLINE, "gate")
    tile = screen.tile(OFFLINE, "no-signal")
    await screen.is_seen(tile)
    await expect(tile).to_contain_text(re.compile(r"No signal since (\d\d-\d\d )?\d\d:\d\d"))
    await expect(tile).to_contain_text("The camera cannot be reached")
    await expect(tile).to_contain_text("was refused")
    await screen.is_seen(screen.tile("gate", "playing"))


async def test_a_browser_that_takes_nothing_but_an_address_plays_too(screen: Screen) -> None:
    await screen.page.add_init_script("delete window.MediaSource; delete window.ManagedMediaSource;")
    await screen.sign_in()
    await screen.watch("bridge", "gate")
    for camera_id in ("bridge", "gate"):
        await screen.is_seen(screen.tile(camera_id, "playing"))
    video = screen.tile("bridge", "playing").get_by_test_id("tile-video")
    assert str(await video.evaluate("video => video.src")).endswith("/live.m3u8")
    await watch_advance(video)
    instant = await burnt_in_instant(video)
    assert instant is not None
    assert 0 < time.time() - instant < PLAIN_LATENCY_S


def _without_cores(page: WebSocketRoute) -> None:
    """The gateway's socket, on which nothing is encoded anew."""
    gateway = page.connect_to_server()

    def ordered(message: str | bytes) -> None:
        order = json.loads(message)
        if order.get("rendition") == "h264":
            problem = {"status": 429, "code": "transcode.no_capacity", "title": "", "detail": "no cores left"}
            page.send(json.dumps({"id": order["id"], "error": problem}))
        else:
            gateway.send(message)

    page.on_message(ordered)
