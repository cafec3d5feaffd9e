"""What goes wrong around a wall and a day: the way there, the gateway, the camera, the session."""

from dataclasses import replace

import pytest
from playwright.async_api import Locator, Request, WebSocket, expect

from tests.console.screen import Screen, watch_advance
from tests.console.village import VILLAGE
from tests.person import signed_in
from tests.rpc.gateway.relay import relaying

pytestmark = pytest.mark.asyncio(loop_scope="package")

BACK_MS = 60_000
"""Pauses between attempts grow to 15 s, and a gateway takes a while to start."""


async def test_a_socket_that_is_cut_is_opened_anew_with_the_tickets_of_before(screen: Screen) -> None:
    sockets: list[WebSocket] = []
    tickets: list[str] = []

    def opened(socket: WebSocket) -> None:
        sockets.append(socket)

    def asked(request: Request) -> None:
        if "ticket" in request.url:
            tickets.append(request.url)

    screen.page.on("websocket", opened)
    screen.page.on("request", asked)
    async with relaying(screen.village.url.removeprefix("http://")) as way:
        there = Screen(screen.page, replace(screen.village, url=f"http://{way.address}"))
        await there.sign_in()
        await there.watch("gate", "bridge")
        for camera_id in ("gate", "bridge"):
            await there.is_seen(there.tile(camera_id, "playing"))
        given = len(tickets)
        way.cut()
        await there.is_seen(there.tile("gate", "reconnecting"))
        way.mend()
        for camera_id in ("gate", "bridge"):
            back = there.tile(camera_id, "playing")
            await expect(back).to_be_visible(timeout=BACK_MS)
            await watch_advance(back.get_by_test_id("tile-video"))
        assert len(sockets) > 1
        assert sum(not socket.is_closed() for socket in sockets) == 1
        assert len(tickets) == given


async def test_a_day_outlives_its_camera_and_its_gateway(screen: Screen) -> None:
    source = screen.village.urls["bridge"]
    address, _, path = source.removeprefix("rtsp://").partition("/")
    async with (
        relaying(address) as cable,
        screen.village.more_cameras({"wire": f"rtsp://{cable.address}/{path}"}),
    ):
        await screen.sign_in()
        await screen.page.goto(f"{screen.village.url}/#/cameras/wire")
        day = screen.part("playback-tile")
        await _plays(screen, day)
        cable.cut()
        await expect(day).to_have_attribute("data-state", "offline", timeout=BACK_MS)
        await expect(day).to_contain_text("The camera closed the connection")
        cable.mend()
        await _plays(screen, day)
        process = screen.village.snowlight.processes["all"]
        await process.kill()
        await expect(day).to_have_attribute("data-state", "reconnecting", timeout=BACK_MS)
        process.start()
        await process.wait_ready()
        await _plays(screen, day)


@pytest.mark.parametrize("where", ["wall", "day"])
async def test_a_session_that_is_ended_elsewhere_shows_no_picture_more(screen: Screen, where: str) -> None:
    username = f"cadre-{where}"
    password = await screen.village.snowlight.add_operator(
        username, scope=VILLAGE, line="government", role="viewer"
    )
    await screen.sign_in(username, password)
    if where == "wall":
        await screen.watch("bridge")
        await screen.is_seen(screen.tile("bridge", "playing"))
    else:
        await screen.page.goto(f"{screen.village.url}/#/cameras/bridge")
        await _plays(screen, screen.part("playback-tile"))
    async with signed_in(screen.village.url, username, password) as elsewhere:
        sessions = (await elsewhere.get("/v1/sessions"))["sessions"]
        (other,) = (each["name"] for each in sessions if not each["current"])
        assert (await elsewhere.ask("DELETE", f"/v1/{other}")).status == 204
    await screen.is_seen(screen.part("sign-in-submit"))
    await expect(screen.page.locator("video")).to_have_count(0)
    await screen.submit(username, password)
    await screen.is_seen(screen.part("camera-tree" if where == "wall" else "playback-tile"))


async def _plays(screen: Screen, day: Locator) -> None:
    await expect(day).to_have_attribute("data-state", "playing", timeout=BACK_MS)
    await watch_advance(screen.part("day-video"))
