"""Running the system from the console: how it does, cameras by file, people, grants, the audit."""

import pytest
from playwright.async_api import expect

from tests.console.screen import Screen
from tests.console.village import OFFLINE, VILLAGE, WALL

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_the_dashboard_tells_how_the_village_does_and_who_is_away(screen: Screen) -> None:
    await screen.sign_in()
    await screen.part("operate").click()
    await expect(screen.part("count-online")).to_have_text(str(len(WALL) + 1))
    await expect(screen.part("count-offline")).to_have_text("1")
    away = screen.part("offline-list").locator(f'[data-camera="cameras/{OFFLINE}"]')
    await expect(away).to_contain_text("The camera cannot be reached")
    await expect(away).to_contain_text("柳林村")
    await expect(screen.part("online-rate")).to_contain_text("%")
    assert 0 < float((await screen.part("online-rate").inner_text()).rstrip(" %")) < 100
    await expect(screen.part("causes")).to_contain_text("Camera offline")
    await expect(screen.part("stores").locator("tbody tr")).to_have_count(1)
    children = screen.part("online-children")
    await children.get_by_role("button", name="广水市").click()
    await children.get_by_role("button", name="青溪镇").click()
    village = children.locator(f'[data-region="{VILLAGE}"]')
    await expect(village.locator("td").first).to_have_text(str(len(WALL) + 2))
    await screen.part("online").get_by_text("Show as a table").click()
    await expect(screen.part("online").locator("details td").last).to_contain_text("%")

    person = screen.village.person
    await person.ask("PATCH", "/v1/cameras/bridge", json={"enabled": False})
    await expect(screen.part("count-disabled")).to_have_text("1")
    await person.ask("PATCH", "/v1/cameras/bridge", json={"enabled": True})
    await expect(screen.part("count-online")).to_have_text(str(len(WALL) + 1), timeout=20_000)
