"""A day as a film of small pictures, in which a click goes to the footage."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from tests.console.screen import PICTURE_S, Screen, instant_of
from tests.console.test_accessible import DESK, PHONE, is_accessible
from tests.person import now
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")

FILM = timedelta(seconds=45)
"""So much is shown: four pictures, ten seconds apart, and one of the rest."""
EVERY_S = 10
GOP_S = 2.5
_PICTURE = """canvas => {
  const { height, width } = canvas;
  const pixels = canvas.getContext('2d').getImageData(0, 0, width, height).data;
  let green = '';
  for (let at = 1; at < pixels.length; at += 4) green += String.fromCharCode(pixels[at]);
  return [height, width, btoa(green)];
}"""
"""Height, width and luma of the film's picture."""


@pytest.fixture(scope="module")
def axe() -> str:
    """The checker of accessibility, as a script."""
    return Path("console/node_modules/axe-core/axe.min.js").read_text()


async def test_a_day_is_a_film_and_a_click_goes_to_its_footage(screen: Screen, axe: str) -> None:
    start = datetime.fromtimestamp((screen.village.since.timestamp() // EVERY_S + 1) * EVERY_S, UTC)

    async def past() -> bool:
        return now() > start + FILM + timedelta(seconds=15)

    await eventually(past, 90)
    await screen.sign_in()
    await screen.page.goto(f"{screen.village.url}/#/cameras/gate")
    await screen.part("day-lapse").click()
    await screen.is_seen(screen.part("film"))  # the day so far, a picture each ten minutes

    here = ZoneInfo("Asia/Shanghai")
    for part, instant in (("lapse-from", start), ("lapse-to", start + FILM)):
        await screen.part(part).fill(f"{instant.astimezone(here):%Y-%m-%dT%H:%M:%S}")
    await screen.part("lapse-every").select_option(str(EVERY_S * 1000))
    await screen.part("lapse-show").click()
    position, picture = screen.part("film-position"), screen.part("film-picture")
    last = 4
    await expect(position).to_have_attribute("max", str(last), timeout=PICTURE_S * 1000)
    await expect(position).to_have_value(str(last), timeout=PICTURE_S * 1000)  # it plays by itself
    await expect(picture).to_have_attribute("data-waiting", "false")

    await screen.page.keyboard.press("Home")
    shown = []
    for index in range(last + 1):
        await expect(screen.part("film")).to_have_attribute("data-index", str(index))
        told_s = float(await picture.get_attribute("data-instant") or "nan") / 1000
        burnt_in = instant_of(await picture.locator("canvas").evaluate(_PICTURE))
        assert burnt_in is not None
        shown.append((told_s, burnt_in))
        await screen.page.keyboard.press("ArrowRight")
    inner = shown[:-1]  # the last one stands for less than its ten seconds
    assert all(-0.5 < told_s - burnt_in < GOP_S for told_s, burnt_in in inner), shown
    assert [round(told_s - inner[0][0]) for told_s, _ in inner] == [index * EVERY_S for index in range(last)]

    await is_accessible(screen, axe)
    await screen.page.set_viewport_size(PHONE)
    await is_accessible(screen, axe)
    await screen.page.set_viewport_size(DESK)

    await position.fill("2")
    told_s = float(await picture.get_attribute("data-instant") or "nan") / 1000
    await picture.click()
    await expect(screen.part("film")).to_have_count(0)
    tile = screen.part("playback-tile")
    await expect(tile).to_have_attribute("data-mode", "recorded")
    await expect(tile).to_have_attribute("data-state", "playing", timeout=PICTURE_S * 1000)
    instant_ms = float(await screen.part("current-instant").get_attribute("data-instant") or "nan")
    assert -1 < instant_ms / 1000 - told_s < PICTURE_S


async def test_what_cannot_be_shown_is_told_where_it_is_typed(screen: Screen, axe: str) -> None:
    await screen.open()
    await screen.part("language").click()
    await screen.sign_in()
    await screen.page.goto(f"{screen.village.url}/#/cameras/gate")
    await screen.part("day-lapse").click()
    await screen.is_seen(screen.part("film"))
    await is_accessible(screen, axe)
    dialog = screen.page.get_by_role("dialog")
    day = f"{now().astimezone(ZoneInfo('Asia/Shanghai')) - timedelta(days=1):%Y-%m-%d}"
    await screen.part("lapse-from").fill(f"{day}T00:00:00")
    await screen.part("lapse-to").fill(f"{day}T12:00:00")
    await screen.part("lapse-every").select_option("60000")
    await screen.part("lapse-show").click()
    await expect(dialog).to_contain_text("每分钟一帧最长 6 小时")
    await screen.part("lapse-every").select_option("600000")
    await screen.part("lapse-show").click()
    await expect(dialog).to_contain_text("这段时间没有录像")
    await screen.part("lapse-from").fill(f"{day}T13:00:00")
    await screen.part("lapse-show").click()
    await expect(dialog).to_contain_text("必须晚于开始时间")
    await is_accessible(screen, axe)
