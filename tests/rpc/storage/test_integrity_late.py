"""Footage, causes and changes that come late count, and so do objects that are lost."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from services.storage.index.repository import Repository
from services.storage.ledger.account import CameraDays
from services.storage.ledger.day_rows import LocalDay, reopen
from services.storage.ledger.lost import record_lost, withdraw_lost
from services.storage.service.validation import parse_commit
from services.storage.spans import Span
from services.storage.tables import segments
from snowlight.api.storage.v1 import storage_pb2
from snowlight.clock import SystemClock
from tests.rpc.storage.days import COUNTY, DAY, HOUR_MS, Town, missing, objects

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from snowlight.database import Database


async def test_footage_that_comes_late_counts(town: Town) -> None:
    await town.register("cam", "2024-03-01 00:00")
    await town.record("cam", f"{DAY} 00:00", f"{DAY} 12:00")
    await town.integrity("cam", "2024-03")
    await town.record("cam", f"{DAY} 23:00", "2024-03-06 01:00")
    stale = [day for day, is_stale in await town.kept_days("cam") if is_stale]
    assert stale == [DAY, "2024-03-06"], "and no other day is computed again"
    assert (await town.integrity("cam", DAY)).recorded_ms == 13 * HOUR_MS
    assert (await town.integrity(COUNTY, "2024-03")).recorded_ms == 14 * HOUR_MS
    assert not any(is_stale for _, is_stale in await town.kept_days("cam"))


class SlowReader:
    """Reads footage, and then takes until it may go on."""

    def __init__(self, database: Database) -> None:
        self._footage = Repository(database)
        self.has_read = asyncio.Event()
        self.may_go_on = asyncio.Event()

    async def list_footage(
        self, camera_uid: str, start_ms: int, end_ms: int, connection: AsyncConnection | None = None
    ) -> list[Span]:
        spans = await self._footage.list_footage(camera_uid, start_ms, end_ms, connection)
        self.has_read.set()
        await self.may_go_on.wait()
        return spans


async def test_footage_that_comes_while_its_day_is_computed_counts(town: Town) -> None:
    await town.register("cam", "2024-03-01 00:00")
    clock = SystemClock()
    reader = SlowReader(town.database)
    computed = CameraDays(town.database, reader, town.zone)
    async with asyncio.TaskGroup() as at_once:
        day = LocalDay.of(date.fromisoformat(DAY), town.zone)
        at_once.create_task(computed.settle(["cam"], day, clock.now_ms()))
        await reader.has_read.wait()
        committing = at_once.create_task(town.record("cam", f"{DAY} 01:00", f"{DAY} 02:00"))
        await asyncio.wait([committing], timeout=0.5)
        reader.may_go_on.set()
    assert (await town.integrity("cam", DAY)).recorded_ms == HOUR_MS


class CommitsMeanwhile:
    """Reads footage once late commits have taken every other connection, and wait for the day's end."""

    def __init__(self, database: Database, waiting: asyncio.TaskGroup) -> None:
        self._footage = Repository(database)
        self._database = database
        self._waiting = waiting

    async def list_footage(
        self, camera_uid: str, start_ms: int, end_ms: int, connection: AsyncConnection | None = None
    ) -> list[Span]:
        pool = self._database.engine.pool
        assert isinstance(pool, sa.QueuePool)
        for _ in range(20):
            self._waiting.create_task(self._reopen(camera_uid, Span(start_ms, end_ms)))
        before = -1
        while before != pool.checkedout():
            before = pool.checkedout()
            await asyncio.sleep(0.1)
        return await self._footage.list_footage(camera_uid, start_ms, end_ms, connection)

    async def _reopen(self, camera_uid: str, span: Span) -> None:
        async with self._database.write() as connection:
            await reopen(connection, [(camera_uid, span)])


async def test_a_day_is_computed_however_many_late_commits_wait_for_it(town: Town) -> None:
    await town.register("cam", "2024-03-01 00:00")
    await town.record("cam", f"{DAY} 00:00", f"{DAY} 01:00")
    async with asyncio.TaskGroup() as at_once:
        computed = CameraDays(town.database, CommitsMeanwhile(town.database, at_once), town.zone)
        day = LocalDay.of(date.fromisoformat(DAY), town.zone)
        await computed.settle(["cam"], day, SystemClock().now_ms())
    assert (DAY, True) in await town.kept_days("cam"), "and each of them finds it"


async def test_causes_and_changes_that_come_late_count(town: Town) -> None:
    await town.register("cam", "2024-03-01 00:00")
    assert missing(await town.integrity("cam", DAY)) == {"unknown": 24 * 60}
    await town.miss("cam", f"{DAY} 00:00", f"{DAY} 10:00", "network")
    assert missing(await town.integrity("cam", DAY)) == {"unknown": 14 * 60, "network": 10 * 60}
    await town.register("cam", "2024-03-01 00:00", f"{DAY} 12:00", enabled=False)
    assert missing(await town.integrity("cam", DAY)) == {"network": 10 * 60, "unknown": 2 * 60}
    assert (await town.integrity("cam", "2024-03-06")).scheduled_ms == 0


async def test_an_object_that_is_lost_is_missing_from_then_on(town: Town) -> None:
    await town.register("cam", "2024-03-01 00:00")
    await town.record("cam", f"{DAY} 00:00", "2024-03-06 00:00")
    assert (await town.integrity("cam", DAY)).ratio == 1
    start_ms = town.at(f"{DAY} 05:00")
    async with town.database.write() as connection:
        await connection.execute(sa.delete(segments).where(segments.c.start_ms == start_ms))
        await record_lost(connection, "cam", [Span(start_ms, start_ms + HOUR_MS)])
    assert missing(await town.integrity("cam", DAY)) == {"lost_object": 60}
    (object_,) = objects("cam", start_ms, start_ms + HOUR_MS)
    (segment,) = parse_commit(storage_pb2.CommitSegmentsRequest(segments=[object_]), {"default"}).segments
    async with town.database.write() as connection:
        await Repository(town.database).insert_segments(connection, [segment])
        await withdraw_lost(connection, "cam", Span(start_ms, start_ms + HOUR_MS))
    assert (await town.integrity("cam", DAY)).ratio == 1, "and is recorded again when it comes back"
