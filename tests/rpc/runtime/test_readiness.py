"""No service is ready while its clock is over a second from its database's."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.auth.app import run_auth
from services.auth.config import AuthSettings
from services.ingest.app import run_ingest
from services.ingest.config import IngestSettings
from services.storage.app import MIGRATIONS, run_storage
from services.storage.config import StorageSettings
from snowlight.clock import SystemClock
from snowlight.database import open_database
from snowlight.readiness import Readiness
from snowlight.runtime import build_runtime
from tests.rpc.ingest.cluster import cluster_settings
from tests.waiting import eventually


class WrongClock(SystemClock):
    """The system's, and so many milliseconds more."""

    def __init__(self, wrong_ms: int) -> None:
        self.wrong_ms = wrong_ms

    def now_ms(self) -> int:
        return super().now_ms() + self.wrong_ms


@pytest.mark.parametrize("wrong_ms", [-2_500, 2_500])
async def test_a_clock_is_compared_with_the_database_again_and_again(
    postgres_url: str, wrong_ms: int
) -> None:
    clock = WrongClock(0)
    async with open_database(postgres_url, service="storage", migrations=MIGRATIONS) as database:
        readiness = Readiness(database, clock)
        for wrong, agrees in ((0, True), (wrong_ms, False), (0, True)):
            clock.wrong_ms = wrong
            await readiness.check()
            assert (readiness.database_answers, readiness.clock_agrees) == (True, agrees)


async def test_a_database_in_the_same_machine_has_the_same_clock(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    async with open_database(url, service="storage", migrations=MIGRATIONS) as database:
        readiness = Readiness(database, WrongClock(2_500))
        await readiness.check()
        assert readiness.clock_agrees


@pytest.mark.parametrize(
    ("service", "run", "settings_type"),
    [
        ("auth", run_auth, AuthSettings),
        ("ingest", run_ingest, IngestSettings),
        ("storage", run_storage, StorageSettings),
    ],
)
async def test_a_service_with_a_wrong_clock_is_not_ready(
    service: str,
    run: Callable[..., AbstractAsyncContextManager[None]],
    settings_type: Callable[..., Any],
    tmp_path: Path,
    postgres_url: str,
) -> None:
    runtime = replace(build_runtime(service, cluster_settings(tmp_path)), clock=WrongClock(2_500))
    settings = settings_type(listen="127.0.0.1:0", database_url=postgres_url)

    async def told() -> bool:
        return f"{service}.clock" in runtime.health.waiting_for()

    async with run(runtime, settings):
        await eventually(told)
