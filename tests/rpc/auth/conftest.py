"""Auth with a database and a camera feed, ready to be asked."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.parts.clock import MovableClock
from tests.rpc.auth.cluster import Auth, auth_of, runtime_for, serve_registry
from tests.rpc.auth.registry import Registry


@pytest.fixture
async def auth(tmp_path: Path, database_url: str) -> AsyncIterator[Auth]:
    runtime = runtime_for(tmp_path, MovableClock())
    registry = Registry()  # type: ignore[abstract]  # the feed is all that auth asks
    async with serve_registry(runtime, registry), auth_of(runtime, registry, database_url) as running:
        yield running
