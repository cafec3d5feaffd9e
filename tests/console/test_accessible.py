"""Every screen, in both languages and on a phone, as a screen reader and a checker of WCAG see it."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.console.screen import Screen
from tests.console.village import USERNAME

pytestmark = pytest.mark.asyncio(loop_scope="package")

PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1440, height=900)
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]

_WIDER = """() => {
  const page = document.documentElement;
  if (page.scrollWidth <= page.clientWidth) return [];
  return [...document.querySelectorAll('body *')]
    .filter(each => each.getBoundingClientRect().right > page.clientWidth)
    .map(each => each.outerHTML.slice(0, 150));
}"""
"""What makes the page wider than the screen."""


@pytest.fixture(scope="module")
def axe() -> str:
    """The checker, as a script."""
    return Path("console/node_modules/axe-core/axe.min.js").read_text()


async def serious(page: Page, axe: str) -> str:
    """What axe takes for serious or critical, a line each: its rule, the element, and what is wrong."""
    if not await page.evaluate("typeof window.axe === 'object'"):
        await page.evaluate(axe)
    found: dict[str, Any] = await page.evaluate("tags => axe.run(document, { runOnly: tags })", _RULES)
    return "\n".join(
        f"{violation['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    )


async def is_accessible(screen: Screen, axe: str) -> None:
    """Nothing is seriously wrong, and nothing is wider than the screen."""
    assert await serious(screen.page, axe) == ""
    assert await screen.page.evaluate(_WIDER) == []


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_signing_in_and_the_wall(screen: Screen, axe: str, language: str) -> None:
    await screen.open()
    if language != "en":
        await screen.part("language").click()
    await expect(screen.page.locator("html")).to_have_attribute("lang", language)
    await is_accessible(screen, axe)
    await screen.submit("nobody", "wrong")
    await screen.is_seen(screen.part("sign-in-error"))
    await is_accessible(screen, axe)
    await screen.submit(USERNAME, screen.village.password)
    await screen.is_seen(screen.part("camera-tree"))
    await screen.watch("gate")
    await screen.is_seen(screen.tile("gate", "playing"))
    await is_accessible(screen, axe)
    await screen.page.set_viewport_size(PHONE)
    await is_accessible(screen, axe)


SCREENS = (
    *("cameras/gate", "find", "exports", "holds"),
    *(
        f"operate/{page}"
        for page in ("dashboard", "import", "people", "sets", "grants", "consents", "account")
    ),
)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_every_other_screen(screen: Screen, axe: str, language: str) -> None:
    await screen.open()
    if language != "en":
        await screen.part("language").click()
    await screen.sign_in()
    for address in SCREENS:
        await screen.page.goto(f"{screen.village.url}/#/{address}")
        await screen.is_seen(screen.page.get_by_role("main").get_by_role("heading").first)
        await expect(screen.page.get_by_role("main").locator(".spinner")).to_have_count(0)
        await is_accessible(screen, axe)
        await screen.page.set_viewport_size(PHONE)
        await is_accessible(screen, axe)
        await screen.page.set_viewport_size(DESK)
