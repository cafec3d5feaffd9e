"""What owners open and are told, and jurisdictions that are shared, from the console."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Locator, expect

from tests.console.screen import Screen
from tests.console.village import NEXT_VILLAGE, VILLAGE
from tests.person import now, signed_in
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")

_SHANGHAI = ZoneInfo("Asia/Shanghai")


def _in_days(days: int) -> str:
    """As a person types it into a field for date and time."""
    return (now() + timedelta(days=days)).astimezone(_SHANGHAI).strftime("%Y-%m-%dT20:00")


def _field(screen: Screen, label: str) -> Locator:
    return screen.part("act-form").get_by_label(label, exact=True)


async def test_an_owner_opens_their_camera_renews_withdraws_and_is_told_of_an_emergency(
    screen: Screen,
) -> None:
    village = screen.village
    of_owner = await village.snowlight.add_operator("zhou", scope=VILLAGE, line="resident", role="viewer")
    of_officer = await village.snowlight.add_operator(
        "fang", scope="regions/421381901", line="police", role="viewer"
    )
    people = (await village.person.get("/v1/principals", params={"page_size": 100}))["principals"]
    owner = next(one["name"] for one in people if one["username"] == "zhou")
    await village.person.add_camera(
        "yard",
        region=VILLAGE,
        source_url="rtsp://127.0.0.1:1/live",
        enabled=False,
        ownership="HOUSEHOLD",
        owner=owner,
    )
    try:
        async with (
            signed_in(village.url, "zhou", of_owner) as zhou,
            signed_in(village.url, "fang", of_officer) as fang,
        ):
            asked = await fang.ask(
                "POST",
                "/v1/grants",
                json={"kind": "emergency", "cameras": ["cameras/yard"], "reason": "a lost child"},
            )
            assert asked.status == 200, asked
            await screen.sign_in("zhou", of_owner)
            await screen.part("operate").click()
            await screen.part("nav-consents").click()
            notices = screen.part("notices")
            await expect(notices).to_contain_text("Nothing.")

            await screen.part("consent-new").click()
            await screen.part("camera-pick").get_by_label("yard").check()
            await (
                _field(screen, "Line in a region")
                .or_(_field(screen, "A line in a region"))
                .select_option("POLICE")
            )
            await _field(screen, "Region").select_option(VILLAGE)
            await screen.part("consent-end").fill(_in_days(800))
            await screen.part("act-submit").click()
            await expect(screen.part("act-error")).to_contain_text("end_time: ")
            assert (await zhou.get("/v1/consents"))["consents"] == []
            await screen.part("consent-end").fill(_in_days(30))
            await _field(screen, "Daily from").fill("18:00")
            await screen.part("act-submit").click()
            await expect(screen.part("act-error")).to_contain_text("hours_")
            await _field(screen, "Daily to").fill("06:00")
            await screen.part("act-submit").click()

            row = screen.part("consent-list").locator("tbody tr")
            await expect(row).to_contain_text("Police · ")
            await expect(row).to_contain_text("18:00–06:00")
            [consent] = (await zhou.get("/v1/consents"))["consents"]
            assert (consent["camera"], consent["actions"]) == ("cameras/yard", ["live"])
            assert (consent["audience"]["line"], consent["audience"]["region"]) == ("police", VILLAGE)

            await row.get_by_test_id("consent-renew").click()
            await _field(screen, "Until").fill(_in_days(90))
            await screen.part("act-submit").click()
            later = _in_days(90).replace("T", " ")
            await expect(row).to_contain_text(later)

            await row.get_by_test_id("consent-withdraw").click()
            await screen.part("act-form").get_by_role("checkbox").check()
            await screen.part("act-submit").click()
            await expect(row).to_have_attribute("data-state", "withdrawn")
            await expect(row.get_by_test_id("consent-renew")).to_have_count(0)
            [withdrawn] = (await zhou.get("/v1/consents"))["consents"]
            assert withdrawn["state"] == "withdrawn"
            [erasure] = (await zhou.get("/v1/erasures"))["erasures"]
            assert erasure["camera"] == "cameras/yard"

            decided = await village.person.ask("POST", f"/v1/{asked.json()['name']}:approve", json={})
            assert decided.status == 200, decided
            await screen.page.reload()
            told = notices.locator("tbody tr")
            await expect(told).to_contain_text("a lost child")
            await expect(told).to_contain_text("Police")
            await expect(screen.part("erasures")).to_contain_text("yard")
    finally:
        await village.person.ask("DELETE", "/v1/cameras/yard")


async def test_a_jurisdiction_is_shared_changed_and_ended(screen: Screen) -> None:
    person = screen.village.person
    password = await screen.village.snowlight.add_operator(
        "gao", scope=NEXT_VILLAGE, line="government", role="viewer"
    )
    people = (await person.get("/v1/principals", params={"page_size": 100}))["principals"]
    gao = next(one["name"] for one in people if one["username"] == "gao")
    await screen.sign_in()
    await screen.part("operate").click()
    await screen.part("nav-sets").click()
    await screen.part("set-new").click()
    await screen.part("set-name").fill("Flood watch")
    await screen.part("camera-find").fill("bridge")
    await screen.part("camera-pick").get_by_label("bridge").check()
    members = screen.part("act-form").locator("textarea")
    await members.fill("principals/nobody")
    await screen.part("set-reason").fill("high water")
    await _field(screen, "Until").fill(_in_days(20))
    await screen.part("act-submit").click()
    await expect(screen.part("act-error")).to_contain_text("members")
    assert "Flood watch" not in str(await person.get("/v1/jurisdictions"))
    await members.fill(gao)
    await screen.part("act-submit").click()
    row = screen.part("set-list").locator("tbody tr").filter(has_text="Flood watch")
    await expect(row).to_contain_text("0 regions, 1 camera")
    found = (await person.get("/v1/jurisdictions"))["jurisdictions"]
    [made] = [one for one in found if one["display_name"] == "Flood watch"]
    bridge = await person.camera("bridge")
    assert (made["camera_uids"], made["members"]) == ([bridge["uid"]], [gao])
    async with signed_in(screen.village.url, "gao", password) as theirs:
        assert (await theirs.ask("GET", "/v1/cameras/bridge")).status == 200
        assert (await theirs.ask("GET", "/v1/cameras/square")).status in (403, 404)

        await row.get_by_role("button", name="Change").click()
        await screen.part("set-regions").select_option([NEXT_VILLAGE])
        await screen.part("camera-pick").get_by_label("bridge").uncheck()
        await screen.part("act-submit").click()
        await expect(row).to_contain_text("1 region, 0 cameras")
        found = (await person.get("/v1/jurisdictions"))["jurisdictions"]
        [changed] = [one for one in found if one["name"] == made["name"]]
        assert (changed["regions"], changed["camera_uids"]) == ([NEXT_VILLAGE], [])

        await row.get_by_test_id("set-end").click()
        await screen.part("act-submit").click()
        await expect(row).to_have_count(0)

        async def is_out_of_sight() -> bool:
            return (await theirs.ask("GET", "/v1/cameras/bridge")).status in (403, 404)

        await eventually(is_out_of_sight, 2)
    assert "Flood watch" not in str(await person.get("/v1/jurisdictions"))
