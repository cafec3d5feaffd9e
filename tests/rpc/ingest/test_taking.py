"""What a worker reads when it takes shards, and how many it begins with at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from services.ingest.commit import Commits
from services.ingest.online.days import LocalDays
from services.ingest.online.repository import OnlineRepository
from services.ingest.online.writer import OnlineWriter
from services.ingest.recording.absent import AbsentSpools
from services.ingest.registry.placed import PlacedCameras
from services.ingest.registry.repository import CameraRepository
from services.ingest.shards.holding import Holding
from services.ingest.shards.keeper import BEGUN_AT_ONCE, UNKNOWN, OnTaken, ShardKeeper
from services.ingest.shards.lease import Fence
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import Load, Taken, Worker
from services.ingest.shards.terms import Terms
from services.ingest.status.gaps import Gap
from services.ingest.supervisor import Supervisor
from snowlight.clock import SystemClock
from snowlight.database import Database
from snowlight.errors import UnavailableError
from snowlight.shards import SHARDS, shard_of
from tests.rpc.ingest.conftest import Registry, serve_registry
from tests.rpc.ingest.registering import create
from tests.rpc.ingest.test_shards import fall_silent
from tests.rpc.ingest.test_supervisor import supervising
from tests.waiting import eventually

T = 1_700_000_000_000
CAMERAS = 40
TABLES = 4
"""Cameras, gaps, discontinuities and hours online."""


@contextmanager
def rows_of_cameras(database: Database) -> Iterator[Counter[str]]:
    """How many rows are read inside, by statement, of tables that have cameras in them."""
    read: Counter[str] = Counter()

    def executed(
        _connection: Any, cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool
    ) -> None:
        if statement.startswith("SELECT") and "uid" in statement:
            read[statement] += cursor.rowcount

    engine = database.engine.sync_engine
    event.listen(engine, "after_cursor_execute", executed)
    try:
        yield read
    finally:
        event.remove(engine, "after_cursor_execute", executed)


@pytest.fixture
async def postgres_registry(postgres_url: str) -> AsyncIterator[Registry]:
    async with serve_registry(postgres_url) as registry:
        yield registry


class NobodyAbsent:
    async def note(self, left: Sequence[object]) -> None:
        """No worker has left anything behind."""


def holding_of(registry: Registry, supervisor: Supervisor, terms: Terms) -> Holding:
    clock = SystemClock()
    days = LocalDays(ZoneInfo("Asia/Shanghai"))
    online = OnlineWriter(registry.board.online, OnlineRepository(registry.database), days, clock, tuple)
    return Holding(
        terms,
        CameraRepository(registry.database),
        PlacedCameras(registry.database),
        registry.statuses,
        registry.board.gaps,
        registry.writer,
        online,
        {},
        supervisor,
        cast("AbsentSpools", NobodyAbsent()),
    )


def terms_of(database: Database, worker: str) -> Terms:
    return Terms(
        ShardRepository(database), cast("Commits", None), worker, SystemClock(), lambda shard, epoch: None
    )


async def test_what_is_read_is_of_the_cameras_that_are_taken(postgres_registry: Registry) -> None:
    registry = postgres_registry
    uids = [(await create(registry, f"camera-{n}")).uid for n in range(CAMERAS)]
    for uid in uids:
        registry.board.gaps.start(uid, T, "camera_offline")
    await registry.statuses.write((), registry.board.gaps.take(), dict.fromkeys(uids, 3))
    taken = shard_of(uids[0])
    theirs = sum(shard_of(uid) == taken for uid in uids)
    async with supervising(registry, []) as supervisor:
        await supervisor.synced.wait()
        holding = holding_of(registry, supervisor, terms_of(registry.database, "two"))
        with rows_of_cameras(registry.database) as read:
            await holding.take([Taken(taken, 2, "one", 0)])
    assert 2 * theirs < read.total() <= TABLES * theirs, read


async def test_a_camera_that_the_supervisor_has_not_heard_of_has_its_gap(registry: Registry) -> None:
    """It was registered a moment ago, recorded by a worker that died, and has no gap in the database."""
    async with supervising(registry, []) as supervisor:
        await supervisor.synced.wait()
    uid = (await create(registry)).uid
    assert supervisor.name_of(uid) is None
    ended_ms = SystemClock().now_ms() + 60_000
    holding = holding_of(registry, supervisor, terms_of(registry.database, "two"))
    await holding.take([Taken(shard_of(uid), 2, "one", ended_ms)])
    assert registry.board.gaps.open_gap(uid) == Gap(uid, ended_ms, None, "ingest_restart")


async def test_shards_are_begun_with_some_at_a_time_and_none_again(registry: Registry) -> None:
    """Though the database is away for a moment between two parts."""
    shards = ShardRepository(registry.database)
    one, two = Worker("one", "1", ""), Worker("two", "1", "")
    await shards.join(one)
    await shards.join(two)
    await fall_silent(registry.database, one)
    begun: list[int] = []
    parts: list[int] = []

    async def on_taken(taken: Sequence[Taken]) -> None:
        parts.append(len(taken))
        if len(parts) == 3:
            raise UnavailableError("database.unavailable", "the database does not answer")
        begun.extend(each.shard for each in taken)
        terms.take(taken)

    terms = terms_of(registry.database, two.id)
    keeper = keeper_of(registry.database, two, terms, on_taken)
    running = asyncio.create_task(keeper.run())

    async def is_done() -> bool:
        return len(begun) >= SHARDS

    try:
        await eventually(is_done)
    finally:
        running.cancel()
        await asyncio.wait([running])
    assert max(parts) == ceil(BEGUN_AT_ONCE / UNKNOWN)
    assert sorted(begun) == list(range(SHARDS))


def keeper_of(
    database: Database, worker: Worker, terms: Terms, on_taken: OnTaken, fence: Fence | None = None
) -> ShardKeeper:
    clock = SystemClock()

    async def given(_shards: Collection[int]) -> None:
        raise AssertionError("nobody is there to give to")

    return ShardKeeper(
        ShardRepository(database),
        worker,
        terms,
        fence or Fence(clock),
        clock,
        on_taken,
        given,
        on_lost=lambda lost: None,
        on_coming=lambda coming: None,
        awaited=tuple,
        cameras=lambda: None,
        load=Load,
    )
