"""One street, its footage and one browser for all players."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.parts.access_clients import python_client
from tests.parts.bureau import AccessDoor, Bureau
from tests.parts.chromium import run_chromium
from tests.parts.part import run
from tests.players.gstreamer import PLAYER
from tests.players.hls_player import HlsPlayer, serve_page
from tests.players.street import REGION, Footage, Street, run_street
from tests.rpc.access.exporting import Desk, open_desk


@pytest.fixture(scope="package")
def door(tmp_path_factory: pytest.TempPathFactory) -> AccessDoor:
    """The street's, for public-security systems."""
    return AccessDoor(tmp_path_factory.mktemp("door"))


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def street(tmp_path_factory: pytest.TempPathFactory, door: AccessDoor) -> AsyncIterator[Street]:
    """The running street."""
    async with run_street(tmp_path_factory.mktemp("players") / "all", door.settings()) as running:
        yield running


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def bureau(street: Street, door: AccessDoor) -> Bureau:
    """A system that may see all of the street."""
    return await door.enrol(street.snowlight, REGION)


@pytest.fixture
def client(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The command of the example in a language."""
    match request.param:
        case "go":
            command: tuple[str, ...] = request.getfixturevalue("go_client")
        case "java":
            command = request.getfixturevalue("java_clients").client
        case _:
            command = python_client()
    return command


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def footage(street: Street) -> Footage:
    """What was recorded."""
    return await street.record_with_a_gap()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """Another door, with footage that is old enough to be exported at once; storage knows its cameras."""
    async with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        await opened.create()
        yield opened


@pytest.fixture
def station(desk: Desk, tmp_path: Path) -> Bureau:
    """Who comes to it."""
    return Bureau(desk.door.address, desk.bureau.issued.write(tmp_path / "station", desk.door.authority.pem))


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
