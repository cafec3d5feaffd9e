"""What is noted of dead workers' spools, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from services.ingest.recording.absent_repository import Absent, AbsentRepository
from snowlight.database import open_database
from tests.rpc.ingest.conftest import MIGRATIONS

FIRST = Absent("camera", 2_000, "one", 0, noted_ms=10_000)


@pytest.fixture
async def absent(database_url: str) -> AsyncIterator[AbsentRepository]:
    async with open_database(database_url, service="ingest", migrations=MIGRATIONS) as database:
        yield AbsentRepository(database)


async def test_what_is_told_is_due_again_once_it_is_old_or_lost(absent: AbsentRepository) -> None:
    await absent.note([FIRST])
    await absent.note([replace(FIRST, noted_ms=11_000)])  # the taking was repeated
    assert await absent.due(0) == [FIRST]
    told = replace(FIRST, since_ms=1_500, told=True)
    await absent.replace(FIRST, [told])
    assert await absent.due(10_000) == []
    assert await absent.due(10_001) == [told]
    await absent.came_back("one", is_lost=True)
    assert await absent.due(1) == [replace(told, noted_ms=0)]
    await absent.came_back("one", is_lost=False)
    assert await absent.due(1 << 50) == []


async def test_two_deaths_may_leave_one_hole(absent: AbsentRepository) -> None:
    second = Absent("camera", 3_000, "two", 0, noted_ms=20_000)
    await absent.note([FIRST, second])
    hole = replace(FIRST, since_ms=1_500, told=True)
    await absent.replace(FIRST, [hole])
    await absent.replace(second, [replace(second, since_ms=1_500, until_ms=2_000, told=True)])
    assert await absent.due(1 << 50) == [hole]
