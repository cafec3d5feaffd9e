"""One village and one browser for all tests of the console; each test has a fresh profile."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Error

from tests.console.screen import Screen
from tests.console.village import Village, run_village
from tests.parts.chromium import run_chromium


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def village(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Village]:
    """The running village."""
    async with run_village(tmp_path_factory.mktemp("console") / "all") as running:
        yield running


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def chromium(chromium_program: Path) -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with run_chromium(chromium_program) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="package")
async def screen(village: Village, chromium: Browser) -> AsyncIterator[Screen]:
    """A page that has never been to the console. No script on it may fail, or do what the policy forbids."""
    failures: list[Error] = []
    forbidden: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Permissions policy" in message.text:
            forbidden.append(message.text)

    def failed(error: Error) -> None:
        failures.append(error)

    async with await chromium.new_context(
        viewport={"width": 1440, "height": 900}, locale="en-US", timezone_id="Asia/Shanghai"
    ) as context:
        page = await context.new_page()
        page.on("pageerror", failed)
        page.on("console", said)
        yield Screen(page, village)
    assert (failures, forbidden) == ([], [])
