"""Auth with a database and a camera feed, ready to be asked, and the places it can hold."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.parts.clock import MovableClock
from tests.parts.migrated import AUTH, migrated_database
from tests.rpc.auth.audit_log import settle_two_counties
from tests.rpc.auth.cluster import Auth, auth_of, runtime_for, serve_registry
from tests.rpc.auth.delegating import settle_pingyi
from tests.rpc.auth.registry import Registry
from tests.rpc.auth.ticket_desk import Desk, open_desk
from tests.rpc.auth.village import Village, settle

database_url = migrated_database(AUTH)


@pytest.fixture
async def auth(tmp_path: Path, database_url: str) -> AsyncIterator[Auth]:
    runtime = runtime_for(tmp_path, MovableClock())
    registry = Registry()  # type: ignore[abstract]  # the feed is all that auth asks
    async with serve_registry(runtime, registry), auth_of(runtime, registry, database_url) as running:
        yield running


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(database_url) as opened:
        yield opened


@pytest.fixture
async def village(auth: Auth) -> Village:
    return await settle(auth)


@pytest.fixture
async def pingyi(auth: Auth) -> None:
    await settle_pingyi(auth)


@pytest.fixture
async def two_counties(auth: Auth) -> None:
    await settle_two_counties(auth)
