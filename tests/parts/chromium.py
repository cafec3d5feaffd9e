"""Chromium: Debian's, driven by Playwright."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ctypes.util import find_library
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from tests.parts.part import PartMissingError, apt_install, machine_lock

NAMES = ("chromium", "chromium-browser", "google-chrome")
FONT_PACKAGE, FONT = "fonts-noto-cjk", "Noto Sans CJK SC"
_FONT_FILES = "opentype/noto/NotoSansCJK-*.ttc"
DRIVER_LIBRARY = "atomic"
"""Of the C compiler: Playwright's own node is linked with it, and a small Debian comes without."""


def find_chromium() -> Path:
    """The program, which Playwright can drive. Raises PartMissingError."""
    missing = [] if _installed() else ["chromium", FONT_PACKAGE]
    missing += [] if find_library(DRIVER_LIBRARY) else ["libatomic1"]
    if missing:
        with machine_lock("chromium"):
            apt_install(missing)
    found = _installed()
    if found is None:
        raise PartMissingError(f"none of {', '.join(NAMES)} is on PATH")
    return found


def find_chinese_font() -> str:
    """The family of Debian's Chinese font, for pictures that are compared. Raises PartMissingError."""
    if not _has_font():
        with machine_lock("chinese-font"):
            apt_install([FONT_PACKAGE])
    if not _has_font():
        raise PartMissingError(f"{FONT_PACKAGE} brought no {FONT}")
    return FONT


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


def _has_font() -> bool:
    return any(Path("/usr/share/fonts").glob(_FONT_FILES))
