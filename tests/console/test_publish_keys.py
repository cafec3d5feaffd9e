"""A camera that publishes: its key is made in the console, and let in until it is deleted there."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.console.screen import Screen
from tests.console.village import VILLAGE
from tests.parts.publisher import publishing
from tests.rpc.sources.clips import make_clip
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_key_made_here_lets_the_camera_in_until_it_is_deleted(screen: Screen, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    make_clip(film, "mp4", 50, b_frames=0)
    person = screen.village.person
    await person.add_camera("pushed", region=VILLAGE, source_url="push:", enabled=True)
    try:
        await screen.sign_in()
        await screen.page.goto(f"{screen.village.url}/#/cameras/pushed")
        await screen.part("tab-details").click()
        await expect(screen.part("camera-details")).to_contain_text("The camera has not connected yet")
        await screen.part("camera-keys").click()
        await expect(screen.part("publish-keys")).to_contain_text("No keys yet")
        await screen.part("publish-label").fill("<b>at the gate</b>")
        await screen.part("publish-make").click()
        url = await screen.part("publish-address").input_value()
        assert url.startswith("rtmp://127.0.0.1:")
        await expect(screen.part("publish-list")).to_contain_text("<b>at the gate</b>")

        async with publishing(url, film):

            async def is_online() -> bool:
                return bool((await person.camera("pushed"))["state"] == "ONLINE")

            await eventually(is_online)
            await screen.part("publish-remove").click()
            await expect(screen.part("publish-list")).to_have_count(0)

            async def is_refused() -> bool:
                return bool((await person.camera("pushed"))["state_reason"].startswith("camera.auth_failed"))

            await eventually(is_refused)
        await screen.part("publish-close").click()
        await screen.part("camera-keys").click()
        await expect(screen.part("publish-keys")).to_contain_text("No keys yet")
        await expect(screen.part("publish-address")).to_have_count(0)
    finally:
        await person.ask("DELETE", "/v1/cameras/pushed")
