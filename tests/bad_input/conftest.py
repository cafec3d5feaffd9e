"""The town all of these tests share: what is bad in it takes its time, and all at once."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.bad_input.town import Town, run_town


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """The running town."""
    async with run_town(tmp_path_factory.mktemp("bad-input") / "all") as running:
        yield running
