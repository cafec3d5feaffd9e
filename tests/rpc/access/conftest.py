"""One door for a test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.rpc.access.door import Bureau, Door, open_door


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


@pytest.fixture
async def bureau(door: Door) -> Bureau:
    return await door.enrol()
