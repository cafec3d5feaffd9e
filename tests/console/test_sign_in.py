"""Signing in and staying so."""

import pytest
from playwright.async_api import expect

from tests.console.screen import Screen
from tests.console.village import H265, OFFLINE, USERNAME, WALL

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_wrong_password_is_told_and_the_right_one_opens_the_wall(screen: Screen) -> None:
    await screen.open()
    await screen.submit(USERNAME, "not the password")
    await expect(screen.part("sign-in-error")).to_have_text("Wrong username or password.")
    await screen.submit(USERNAME, screen.village.password)
    await expect(screen.part("camera-tree")).to_be_visible()
    await expect(screen.part("sign-in")).to_have_count(0)
    items = screen.part("camera-item")
    await expect(items).to_have_count(len(WALL) + 2)
    states = {
        await item.get_attribute("data-camera"): await item.get_attribute("data-state")
        for item in await items.all()
    }
    online = {f"cameras/{camera_id}": "online" for camera_id in (*WALL, H265)}
    assert states == {**online, f"cameras/{OFFLINE}": "offline"}


async def test_the_language_is_switched_and_stays_so(screen: Screen) -> None:
    await screen.open()
    await expect(screen.part("sign-in-submit")).to_have_text("Sign in")
    await screen.part("language").click()
    await expect(screen.part("sign-in-submit")).to_have_text("登录")
    await screen.page.reload()
    await expect(screen.part("sign-in-submit")).to_have_text("登录")
    await screen.submit(USERNAME, "not the password")
    await expect(screen.part("sign-in-error")).to_contain_text("密码")
    await screen.submit(USERNAME, screen.village.password)
    await expect(screen.part("camera-tree")).to_be_visible()
    await screen.part("language").click()
    await expect(screen.part("layout-4")).to_have_attribute("aria-label", "4 pictures")


async def test_a_reload_keeps_the_session_and_the_wall(screen: Screen) -> None:
    await screen.sign_in()
    await screen.watch("gate")
    await screen.is_seen(screen.tile("gate", "playing"))
    await screen.page.reload()
    await screen.is_seen(screen.tile("gate", "playing"))
    await screen.part("sign-out").click()
    await expect(screen.part("sign-in")).to_be_visible()
    await screen.page.reload()
    await expect(screen.part("sign-in")).to_be_visible()
