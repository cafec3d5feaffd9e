"""A wall of sixteen: every picture moves and is of now, by one socket that heals and that rests unseen."""

import asyncio
import time

import pytest
from playwright.async_api import WebSocket, expect

from tests.console.screen import PICTURE_S, Screen, burnt_in_instant
from tests.console.village import WALL
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")

DRIFT_S = 2
"""Between the picture shown and the newest one that has come."""
LATENCY_S = 3
"""From the scene to the screen, on a busy machine."""
CLOCK_S = 1
"""A tile's clock is told each second."""
LINGER_S = 3
"""How long a picture goes on unseen, by the console's own account."""

_TILES = """tiles => tiles.map(tile => {
  const video = tile.querySelector('video');
  const { buffered } = video;
  return [video.currentTime, buffered.length ? buffered.end(buffered.length - 1) - video.currentTime : 1e9];
})"""
_HIDE = """state => {
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


async def test_sixteen_pictures_advance_together_over_one_socket(screen: Screen) -> None:
    sockets: list[WebSocket] = []

    def opened(socket: WebSocket) -> None:
        sockets.append(socket)

    screen.page.on("websocket", opened)
    sources = [screen.village.urls[WALL[index % 4]] for index in range(12)]
    crowd = {f"crowd-{index:02}": url for index, url in enumerate(sources)}
    async with screen.village.more_cameras(crowd):
        await screen.sign_in()
        await screen.part("layout-16").click()
        await screen.watch(*WALL, *crowd)
        playing = screen.page.locator('[data-testid="wall-tile"][data-state="playing"]')
        await expect(playing).to_have_count(16, timeout=3 * PICTURE_S * 1000)
        begun = await playing.evaluate_all(_TILES)

        async def all_advance_near_the_edge() -> bool:
            tiles = await playing.evaluate_all(_TILES)
            return len(tiles) == 16 and all(
                position > begin + 5 and distance <= DRIFT_S
                for (begin, _), (position, distance) in zip(begun, tiles, strict=True)
            )

        await eventually(all_advance_near_the_edge, 60)
        assert len(sockets) == 1


async def test_the_clock_of_a_tile_is_its_pictures(screen: Screen) -> None:
    await screen.sign_in()
    await screen.watch("gate")
    tile = screen.tile("gate", "playing")
    await screen.is_seen(tile)

    async def agree() -> bool:
        shown = await burnt_in_instant(tile.get_by_test_id("tile-video"))
        told = await tile.get_by_test_id("tile-clock").get_attribute("data-instant")
        return shown is not None and told is not None and -0.2 <= shown - float(told) / 1000 <= CLOCK_S + 0.2

    await eventually(agree)


async def test_a_gateway_that_was_killed_is_found_again(screen: Screen) -> None:
    await screen.sign_in()
    await screen.watch("gate", "bridge")
    for camera_id in ("gate", "bridge"):
        await screen.is_seen(screen.tile(camera_id, "playing"))
    process = screen.village.snowlight.processes["all"]
    await process.kill()
    lost = screen.tile("gate", "reconnecting")
    await screen.is_seen(lost)
    await expect(lost).to_contain_text("reconnecting")
    process.start()
    await process.wait_ready()
    for camera_id in ("gate", "bridge"):
        await expect(screen.tile(camera_id, "playing")).to_be_visible(timeout=60_000)
    video = screen.tile("gate", "playing").get_by_test_id("tile-video")

    async def of_now() -> bool:
        instant = await burnt_in_instant(video)
        return instant is not None and time.time() - instant < LATENCY_S

    await eventually(of_now)


async def test_a_page_out_of_sight_costs_nothing(screen: Screen) -> None:
    received: list[float] = []

    def opened(socket: WebSocket) -> None:
        socket.on("framereceived", lambda _: received.append(time.monotonic()))

    screen.page.on("websocket", opened)
    await screen.sign_in()
    await screen.watch("gate", "bridge")
    await screen.is_seen(screen.tile("gate", "playing"))
    await screen.page.evaluate(_HIDE, "hidden")
    await screen.is_seen(screen.tile("gate", "paused"))
    await screen.is_seen(screen.tile("bridge", "paused"))
    still = len(received)
    await asyncio.sleep(LINGER_S)  # nothing is to come: there is nothing to wait for but time
    assert len(received) <= still + 2  # what was on its way
    await screen.page.evaluate(_HIDE, "visible")
    await screen.is_seen(screen.tile("gate", "playing"))
