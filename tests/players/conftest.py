"""One street, its footage and one browser for all players."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.parts.chromium import run_chromium
from tests.parts.part import run
from tests.players.gstreamer import PLAYER
from tests.players.hls_player import HlsPlayer, serve_page
from tests.players.street import Footage, Street, run_street


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def street(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    """The running street."""
    async with run_street(tmp_path_factory.mktemp("players") / "all") as running:
        yield running


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def footage(street: Street) -> Footage:
    """What was recorded."""
    return await street.record_with_a_gap()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def chromium(chromium_program: Path) -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with run_chromium(chromium_program) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="package")
async def hls_player(chromium: Browser) -> AsyncIterator[HlsPlayer]:
    """hls.js that has played nothing yet."""
    async with serve_page() as address, await chromium.new_context() as context:
        page = await context.new_page()
        await page.goto(address)
        yield HlsPlayer(page)


@pytest.fixture(scope="session")
def gstreamer_player(gstreamer_python: Path) -> Path:
    """The Python that plays."""
    run(gstreamer_python, PLAYER, "--check", timeout_s=60)
    return gstreamer_python
