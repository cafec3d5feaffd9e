"""One gateway for a test, and a street that it serves."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.rpc.gateway.site import Site, run_site
from tests.rpc.gateway.street import Street, settle


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with run_site(tmp_path, live_wait_seconds=2, live_idle_seconds=1) as running:
        yield running


@pytest.fixture
async def street(site: Site) -> Street:
    return await settle(site)
