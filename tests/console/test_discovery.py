"""Cameras of a network are found from the screen that registers one, ticked, and registered together."""

import pytest
from playwright.async_api import expect

from simulator.onvif.device import OnvifFaults
from tests.console.screen import Screen
from tests.console.test_accessible import DESK, PHONE
from tests.console.village import VILLAGE
from tests.rpc.discovery.devices import SECRET, device, hosts, on_air

_CUT_OFF = """table => {
  const { right } = table.closest('dialog').getBoundingClientRect();
  return [...table.querySelectorAll('td')].filter(each => each.getBoundingClientRect().right > right)
    .map(each => each.textContent);
}"""
"""What does not fit beside the rest."""

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_found_cameras_are_ticked_and_registered_together(screen: Screen) -> None:
    first, second, broken = hosts(3)
    devices = [
        device(first, ptz=True),
        device(second, name="村口 2"),
        device(broken, name="村口 3", faults=OnvifFaults(garbage=True)),
    ]
    await screen.sign_in()
    await screen.part("camera-add").click()
    await screen.part("discover-open").click()
    await screen.part("camera-region").select_option(VILLAGE)
    await screen.part("discover-networks").fill(f"{first}/29")
    await screen.part("discover-username").fill(SECRET.username)
    await screen.part("discover-password").fill(SECRET.password)
    async with on_air(devices):
        await screen.part("discover-look").click()
        rows = screen.part("discover-found").locator("tbody tr")
        await expect(rows).to_have_count(3, timeout=30_000)
    await expect(screen.part("discover-register")).to_have_text("Register 2 cameras")
    await expect(rows.filter(has_text="村口 3").get_by_role("checkbox")).to_be_disabled()
    await screen.page.set_viewport_size(PHONE)
    assert await screen.part("discover-found").evaluate(_CUT_OFF) == [], (
        "all is read without scrolling sideways"
    )
    await screen.page.set_viewport_size(DESK)
    await rows.filter(has_text="村口 2").get_by_role("checkbox").uncheck()
    await screen.part("discover-register").click()
    await expect(rows.filter(has_text="村口 1")).to_contain_text("Registered as onvif-", timeout=15_000)
    await expect(rows.filter(has_text="村口 2")).to_contain_text("New")

    person = screen.village.person
    name = devices[0].endpoint.replace("urn:uuid:", "cameras/onvif-")
    camera = await person.get(f"/v1/{name}")
    assert camera["dossier"]["ptz"] == "true"
    assert camera["source_url"] == f"rtsp://{first}:554/large"
    await person.ask("DELETE", f"/v1/{name}")
