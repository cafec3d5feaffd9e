"""One door for a test, one desk for a file of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.rpc.access.door import Bureau, Door, open_door
from tests.rpc.access.exporting import Desk, open_desk


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


@pytest.fixture
async def bureau(door: Door) -> Bureau:
    return await door.enrol()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """One for all tests of a file."""
    async with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened
