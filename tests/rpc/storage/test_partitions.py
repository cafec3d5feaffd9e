"""Day partitions on PostgreSQL, while others commit and ask."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from services.storage.app import MIGRATIONS
from services.storage.index import partitions
from services.storage.index.partitions import PartitionKeeper, partition_name, wanted_days
from services.storage.index.repository import Repository
from services.storage.index.repository_postgres import PostgresRepository
from services.storage.segment import DAY_MS, Segment
from snowlight.database import open_database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from snowlight.database import Database

TODAY = 20_000
MINUTE = Segment(
    *("cam", TODAY * DAY_MS, 60_000, 1, 1, "0a1b2c3d", "default", 900, 1, 800, "avc1"), bytes(32), b"table"
)


class Clock:
    """One that the test sets."""

    def __init__(self) -> None:
        self.day = TODAY

    def now_ms(self) -> int:
        return self.day * DAY_MS + DAY_MS // 2

    def monotonic(self) -> float:
        return 0


def on(day: int, at: int = 0, uid: str = "cam") -> Segment:
    return replace(MINUTE, camera_uid=uid, start_ms=day * DAY_MS + at * 60_000, sequence=at)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Repository]:
    async with open_database(url, service="storage", migrations=MIGRATIONS) as database:
        yield PostgresRepository(database) if database.is_postgres else Repository(database)


async def insert(repository: Repository, *segments: Segment) -> None:
    async with repository.database.write() as connection:
        await connection.execute(sa.select(1))
        assert len(await repository.insert_segments(connection, segments)) == len(segments)


async def where(database: Database) -> dict[str, int]:
    """How many rows each partition holds."""
    async with database.read() as connection:
        names = await connection.scalars(
            sa.text("SELECT relid::text FROM pg_partition_tree('segments') WHERE isleaf")
        )
        return {
            name: await connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0
            for name in list(names)
        }


async def starts(repository: Repository) -> list[int]:
    async with repository.database.read() as connection:
        await repository.begin_answer(connection)
        found = await repository.list_segments(connection, "cam", 0, 2 * TODAY * DAY_MS, fragments=True)
    assert all(segment.fragments == b"table" for segment in found)
    return [segment.start_ms for segment in found]


def test_partitions_are_wanted_around_today_and_around_what_expires() -> None:
    assert wanted_days(100, [30, 0]) == {97, 98, 99, 100, 101, 102, 103, 69, 70, 71}
    assert wanted_days(100, [1000]) == set(range(97, 104)), "nothing was before 1970"
    assert partition_name(19_675) == "segments_20231114"


async def test_sqlite_has_no_partitions(tmp_path: Path) -> None:
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}") as repository:
        await PartitionKeeper(repository.database, Clock()).keep()
        await insert(repository, on(TODAY))
        assert await starts(repository) == [on(TODAY).start_ms]


async def test_a_days_rows_move_from_the_default_partition_into_their_own(postgres_url: str) -> None:
    async with opened(postgres_url) as repository:
        keeper = PartitionKeeper(repository.database, Clock())
        rows = [on(TODAY - 40), on(TODAY - 1), on(TODAY), on(TODAY, 1439), on(TODAY + 1)]
        await insert(repository, *rows)
        for _ in range(2):
            await keeper.keep()
        counts = await where(repository.database)
        assert set(counts) == {partition_name(day) for day in range(TODAY - 3, TODAY + 4)} | {
            "segments_default"
        }
        assert counts["segments_default"] == 1
        assert counts[partition_name(TODAY)] == 2
        assert await starts(repository) == [row.start_ms for row in rows]
        await insert(repository, on(TODAY, 7), on(TODAY + 20))
        counts = await where(repository.database)
        assert (counts[partition_name(TODAY)], counts["segments_default"]) == (3, 2)


async def test_an_old_day_goes_once_but_few_rows_are_left_and_these_stay(postgres_url: str) -> None:
    clock = Clock()
    async with opened(postgres_url) as repository:
        keeper = PartitionKeeper(repository.database, clock)
        await keeper.keep()
        rows = [on(TODAY - 2), on(TODAY)]
        await insert(repository, *rows)
        clock.day += 5
        await keeper.keep()
        counts = await where(repository.database)
        assert partition_name(TODAY) not in counts
        assert partition_name(TODAY + 8) in counts
        assert counts["segments_default"] == 2
        assert await starts(repository) == [row.start_ms for row in rows]


async def test_an_old_day_that_is_full_stays(postgres_url: str) -> None:
    clock = Clock()
    async with opened(postgres_url) as repository:
        keeper = PartitionKeeper(repository.database, clock)
        await keeper.keep()
        full = [on(TODAY, at % 1440, f"cam-{at // 1440}") for at in range(partitions.MAX_MOVED + 1)]
        await insert(repository, *full)
        clock.day += 5
        await keeper.keep()
        assert (await where(repository.database))[partition_name(TODAY)] == len(full)


async def test_commits_and_answers_go_on_while_partitions_come_and_go(postgres_url: str) -> None:
    clock = Clock()
    async with opened(postgres_url) as repository, opened(postgres_url) as other:
        keepers = [PartitionKeeper(each.database, clock) for each in (repository, other)]
        stop = asyncio.Event()
        written: list[int] = []

        async def write(parity: int) -> None:
            at = parity
            while not stop.is_set():
                rows = [on(TODAY + day, at % 1440 + at // 1440) for day in range(-6, 7, 3)]
                await insert(repository, *rows)
                written.extend(row.start_ms for row in rows)
                at += 2

        async def ask() -> None:
            while not stop.is_set():
                least = set(written)
                found = await starts(repository)
                assert len(found) == len(set(found))
                assert least <= set(found)

        async def ask_for_time() -> None:
            while not stop.is_set():
                least = set(written)
                spans = await repository.list_footage("cam", 0, 2 * TODAY * DAY_MS)
                assert all(any(span.start_ms <= ms < span.end_ms for span in spans) for ms in least)

        async def keep() -> None:
            for day in range(8):
                clock.day = TODAY + day % 4
                await asyncio.gather(*(keeper.keep() for keeper in keepers))
            stop.set()

        async with asyncio.timeout(100):
            await asyncio.gather(write(0), write(1), ask(), ask_for_time(), keep())
        assert sorted(written) == await starts(repository)


async def test_a_change_that_gets_no_lock_is_left_for_the_next_round(postgres_url: str) -> None:
    async with opened(postgres_url) as repository:
        keeper = PartitionKeeper(repository.database, Clock(), lock_timeout_ms=50, attempts=2)
        async with repository.database.write() as reader:
            await reader.execute(sa.text("SELECT count(*) FROM segments"))
            keeping = asyncio.create_task(keeper.keep())
            await insert(repository, on(TODAY))
            async with asyncio.timeout(100):
                await keeping
            assert set(await where(repository.database)) == {"segments_default"}
        await keeper.keep()
        assert (await where(repository.database))[partition_name(TODAY)] == 1
