"""Running the system from the console: cameras by file, people, grants, the audit, how it all does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Route, expect

from tests.console.screen import Screen
from tests.console.village import OFFLINE, VILLAGE, WALL, Village
from tests.person import signed_in

pytestmark = pytest.mark.asyncio(loop_scope="package")

SCRIPT = "<img src=x onerror=alert(1)>"
_FILE = f"""camera_id,display_name,region,source_url,enabled
from-file,{SCRIPT},{VILLAGE},rtsp://127.0.0.1:1/live,false
formula,=1+1,{VILLAGE},rtsp://127.0.0.1:1/live,false
"""


async def test_a_file_is_checked_line_by_line_and_then_imported(screen: Screen) -> None:
    await screen.sign_in()
    await screen.part("operate").click()
    await screen.part("nav-import").click()
    await expect(screen.part("import-run")).to_be_disabled()
    file = {"name": "cameras.csv", "mimeType": "text/csv", "buffer": _FILE.encode()}
    await screen.part("import-file").set_input_files(file)  # type: ignore[arg-type]
    await screen.part("import-check").click()
    refused = screen.part("report-lines").locator("tbody tr")
    await expect(refused).to_have_count(1)
    await expect(refused).to_contain_text("formula")
    await expect(refused).to_contain_text("display_name: must not begin with '='")
    person = screen.village.person
    assert (await person.ask("GET", "/v1/cameras/from-file")).status == 404
    async with screen.page.expect_download() as taken:
        await screen.part("report-download").click()
    report = (await (await taken.value).path()).read_text("utf-8-sig")
    assert "3,cameras/formula,refused,display_name,import.formula," in report
    await screen.part("import-run").click()
    await expect(screen.part("report")).to_have_attribute("data-dry-run", "false")
    assert (await person.camera("from-file"))["display_name"] == SCRIPT
    assert (await person.ask("GET", "/v1/cameras/formula")).status == 404
    async with screen.page.expect_download() as taken:
        await screen.part("export-cameras").click()
    assert SCRIPT in (await (await taken.value).path()).read_text("utf-8-sig")
    await screen.page.goto(f"{screen.village.url}/#/")
    item = screen.part("camera-item").and_(screen.page.locator('[data-camera="cameras/from-file"]'))
    await expect(item).to_contain_text(SCRIPT)  # as text: a failing image would have called alert
    await person.ask("DELETE", "/v1/cameras/from-file")
    await expect(item).to_have_count(0)


async def test_somebody_new_signs_in_forgets_their_password_and_is_kept_out_when_disabled(
    screen: Screen, chromium: Browser
) -> None:
    await screen.sign_in()
    await screen.part("operate").click()
    await screen.part("nav-people").click()
    await screen.part("person-new").click()
    await screen.part("person-username").fill("lin")
    await screen.part("person-name").fill(SCRIPT)
    await screen.part("person-password").fill("short")
    await screen.part("person-scope").select_option(VILLAGE)
    await screen.part("act-submit").click()
    await expect(screen.part("act-form").get_by_role("alert")).to_contain_text("password")
    await screen.part("password-make").click()
    password = await screen.part("person-password").input_value()
    await screen.part("act-submit").click()
    row = screen.part("people-list").locator('[data-username="lin"]')
    await expect(row).to_contain_text(SCRIPT)
    await expect(row).to_contain_text("广水市 / 青溪镇 / 柳林村")
    async with _another(screen.village, chromium) as theirs:
        await theirs.submit("lin", password)
        await expect(theirs.part("camera-item")).to_have_count(len(WALL) + 2)
        await theirs.part("operate").click()
        await expect(theirs.page.locator(".operate-nav a")).to_have_text(
            ["Dashboard", "Grants", "Consents", "My account"]
        )
        await theirs.part("nav-account").click()
        await expect(theirs.part("session-list").locator("tbody tr")).to_have_count(1)
    async with signed_in(screen.village.url, "lin", password) as lin:
        regions = [region["name"] for region in (await lin.get("/v1/regions"))["regions"]]
        assert regions == [VILLAGE]
    await row.get_by_test_id("person-reset").click()
    await screen.part("reset-submit").click()
    temporary = await screen.part("temporary-password").input_value()
    await screen.part("reset-close").click()
    await expect(screen.part("temporary-password")).to_have_count(0)
    async with _another(screen.village, chromium) as theirs:
        await theirs.submit("lin", password)
        await expect(theirs.part("sign-in-error")).to_contain_text("Wrong username or password")
        await theirs.submit("lin", temporary)
        await expect(theirs.part("sign-in-error")).to_contain_text("temporary")
        await theirs.part("new-password").fill("short")
        await theirs.part("sign-in-submit").click()
        await expect(theirs.part("sign-in-error")).to_contain_text("10 to 128")
        await theirs.part("new-password").fill(f"{password} anew")
        await theirs.part("sign-in-submit").click()
        await expect(theirs.part("camera-item")).to_have_count(len(WALL) + 2)
    password = f"{password} anew"
    await row.get_by_test_id("person-edit").click()
    await screen.part("person-disabled").check()
    await screen.part("act-submit").click()
    await expect(row).to_contain_text("disabled")
    async with _another(screen.village, chromium) as theirs:
        await theirs.submit("lin", password)
        await expect(theirs.part("sign-in-error")).to_be_visible()


async def test_a_case_is_asked_for_and_decided_by_a_second_person_and_emergencies_are_seen_to(
    screen: Screen, chromium: Browser
) -> None:
    password = await screen.village.snowlight.add_operator(
        "wu", scope="regions/421381", line="police", role="viewer"
    )
    async with _another(screen.village, chromium) as theirs:
        await theirs.submit("wu", password)
        await theirs.part("operate").click()
        await theirs.part("nav-grants").click()
        for kind, reason in (("case", "a stolen tractor"), ("emergency", "a lost child")):
            await theirs.part("grant-new").click()
            await theirs.part("grant-kind").select_option(kind)
            await theirs.part("grant-reason").fill(reason)
            await theirs.part("camera-pick").get_by_label("gate").check()
            if kind == "case":
                await theirs.part("grant-caseNumber").fill("20261127001")
            await theirs.part("act-submit").click()
            await expect(theirs.part("grant-list")).to_contain_text(reason)
        await expect(theirs.part("grant-withdraw")).to_have_count(2)
    await screen.sign_in()
    await screen.part("operate").click()
    await screen.part("nav-grants").click()
    alert = screen.part("alert").filter(has_text="a lost child")
    await alert.get_by_test_id("alert-acknowledge").click()
    await expect(alert).to_have_count(0)
    case = screen.part("grant-list").locator("tr").filter(has_text="a stolen tractor")
    await case.get_by_test_id("grant-approve").click()
    await screen.part("step-reason").fill("the case is known")
    await screen.part("act-submit").click()
    await expect(case).to_have_attribute("data-state", "approved")
    await case.get_by_test_id("grant-revoke").click()
    await screen.part("step-reason").fill("found")
    await screen.part("act-submit").click()
    await expect(case).to_have_attribute("data-state", "revoked")


async def test_an_auditor_finds_who_watched(screen: Screen) -> None:
    village = screen.village
    await village.person.ticket("square", "live")
    uid = (await village.person.camera("square"))["uid"]
    password = await village.snowlight.add_operator(
        "shen", scope="regions/421381", line="government", role="auditor"
    )
    await screen.open()
    await screen.submit("shen", password)
    await screen.part("operate").click()
    await expect(screen.page.locator(".operate-nav a")).to_have_text(["Audit", "My account"])
    await screen.part("audit-camera").fill(uid)
    await screen.part("audit-action").fill("live")
    await screen.part("audit-look").click()
    records = screen.part("audit-records").locator("tbody tr")
    await expect(records.first).to_contain_text("allowed")
    await expect(records.first).to_contain_text(uid)
    await screen.part("audit-action").fill("playback")
    await screen.part("audit-end").fill("2020-01-01T00:00")
    await screen.part("audit-look").click()
    await expect(screen.part("audit")).to_contain_text("Nothing on record.")
    await screen.part("audit-search").get_by_role("button", name="Clear").click()
    await screen.part("audit-export").click()
    await screen.part("audit-purpose").fill("yearly check")
    async with screen.page.expect_download() as taken:
        await screen.part("act-submit").click()
    assert uid in (await (await taken.value).path()).read_text("utf-8-sig")


async def test_the_dashboard_tells_how_the_village_does_and_who_is_away(screen: Screen) -> None:
    person = screen.village.person
    await screen.sign_in()
    await screen.part("operate").click()
    await expect(screen.part("count-online")).to_have_text(str(len(WALL) + 1))
    await expect(screen.part("count-offline")).to_have_text("1")
    away = screen.part("offline-list").locator(f'[data-camera="cameras/{OFFLINE}"]')
    await expect(away).to_contain_text("The camera cannot be reached")
    await expect(away).to_contain_text("柳林村")
    await expect(screen.part("online-rate")).to_contain_text("%")
    assert 0 < float((await screen.part("online-rate").inner_text()).rstrip(" %")) < 100
    await expect(screen.part("stores").locator("tbody tr")).to_have_count(1)
    children = screen.part("online-children")
    await children.get_by_role("button", name="广水市").click()
    await children.get_by_role("button", name="青溪镇").click()
    village = children.locator(f'[data-region="{VILLAGE}"]')
    await expect(village.locator("td").first).to_have_text(str(len(WALL) + 2))
    await screen.part("online").get_by_text("Show as a table").click()
    await expect(screen.part("online").locator("details td").last).to_contain_text("%")

    async def assessed(route: Route) -> None:  # the last three minutes count for nothing yet
        report = await (await route.fetch()).json()
        missing = [{"cause": "camera_offline", "ms": 5_400_000}, {"cause": "network", "ms": 1000}]
        figures = {"scheduled_ms": 10_000_000, "recorded_ms": 4_599_000, "ratio": 0.4599, "missing": missing}
        await route.fulfill(json=report | figures)

    await expect(screen.part("integrity-ratio")).to_be_visible()
    await screen.page.route("**/v1/integrity?*", assessed)
    await screen.part("period-week").click()
    await expect(screen.part("integrity-ratio")).to_have_text("45.99 %")
    await expect(screen.part("causes").locator("li").first).to_have_text("Camera offline1 h 30 min")
    await person.ask("PATCH", "/v1/cameras/bridge", json={"enabled": False})
    await expect(screen.part("count-disabled")).to_have_text("1")
    await person.ask("PATCH", "/v1/cameras/bridge", json={"enabled": True})
    await expect(screen.part("count-online")).to_have_text(str(len(WALL) + 1), timeout=20_000)


@asynccontextmanager
async def _another(village: Village, chromium: Browser) -> AsyncIterator[Screen]:
    """A browser of somebody else, at the sign-in."""
    async with await chromium.new_context(locale="en-US") as context:
        screen = Screen(await context.new_page(), village)
        await screen.open()
        yield screen
