"""A set-top box is let in at the console."""

import aiohttp
import pytest
from playwright.async_api import expect

from tests.console.screen import Screen

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_somebody_types_the_code_and_the_box_is_in(screen: Screen) -> None:
    created = await screen.village.snowlight.administer(
        "create-client", "--display-name", "Box A1", "--set-top-box"
    )
    client_id = created.strip().removeprefix("clients/")
    async with aiohttp.ClientSession(screen.village.url) as box:
        async with box.post("/v1/device_authorization", data={"client_id": client_id}) as response:
            begun = await response.json()
        await screen.sign_in()
        await screen.page.goto(begun["verification_uri"])
        await screen.part("user-code").fill("bcdf ghjk")
        await screen.part("user-code-submit").click()
        await expect(screen.part("device-error")).to_contain_text("No box waits behind this code")
        await screen.part("user-code").fill(begun["user_code"].lower())
        await screen.part("user-code-submit").click()
        await expect(screen.part("waiting-device")).to_contain_text("“Box A1” asks to be let in")
        await screen.part("device-approve").click()
        await expect(screen.page.get_by_text("The box is in.")).to_be_visible()
        form = {"grant_type": DEVICE_CODE, "client_id": client_id, "device_code": begun["device_code"]}
        async with box.post("/v1/token", data=form) as response:
            assert response.status == 200, await response.text()
            token = (await response.json())["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        async with box.get("/v1/cameras", headers=headers) as response:
            assert response.status == 200


async def test_the_address_brings_the_code_along_and_a_box_is_turned_away(screen: Screen) -> None:
    created = await screen.village.snowlight.administer(
        "create-client", "--display-name", "Box B2", "--set-top-box"
    )
    client_id = created.strip().removeprefix("clients/")
    async with aiohttp.ClientSession(screen.village.url) as box:
        async with box.post("/v1/device_authorization", data={"client_id": client_id}) as response:
            begun = await response.json()
        await screen.sign_in()
        await screen.page.goto(begun["verification_uri_complete"])
        await expect(screen.part("user-code")).to_have_value(begun["user_code"])
        await screen.part("user-code-submit").click()
        await screen.part("device-deny").click()
        await expect(screen.page.get_by_text("The box was turned away.")).to_be_visible()
        form = {"grant_type": DEVICE_CODE, "client_id": client_id, "device_code": begun["device_code"]}
        async with box.post("/v1/token", data=form) as response:
            assert (response.status, (await response.json())["error"]) == (400, "access_denied")
