"""Chromium: Debian's, driven by Playwright."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from tests.parts.part import PartMissingError, apt_install, machine_lock

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> Path:
    """The program. Raises PartMissingError."""
    if _installed() is None:
        with machine_lock("chromium"):
            apt_install(["chromium", "fonts-noto-cjk"])
    found = _installed()
    if found is None:
        raise PartMissingError(f"none of {', '.join(NAMES)} is on PATH")
    return found


@asynccontextmanager
async def run_chromium(program: Path) -> AsyncIterator[Browser]:
    """A browser without a window while the context is open."""
    arguments = ["--autoplay-policy=no-user-gesture-required", "--disable-dev-shm-usage"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # the sandbox needs an ordinary user
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


def _installed() -> Path | None:
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    return Path(found) if found else None
