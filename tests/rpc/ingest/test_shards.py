"""Who owns which shards, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import replace

import pytest
import sqlalchemy as sa

from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import View, Worker
from snowlight.database import Database, open_database
from snowlight.errors import AbortedError
from snowlight.shards import SHARDS
from tests.rpc.ingest.conftest import MIGRATIONS

ONE, TWO = Worker("one", "1", ""), Worker("two", "1", "127.0.0.1:7102")
ALL = range(SHARDS)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, service="ingest", migrations=MIGRATIONS) as database:
        yield database


@pytest.fixture
def shards(database: Database) -> ShardRepository:
    return ShardRepository(database)


def orphans(view: View) -> Collection[int]:
    return [row.shard for row in view.foreign if row.owner not in view.live]


async def test_a_worker_alone_owns_all_shards_from_its_start_on(shards: ShardRepository) -> None:
    taken = await shards.join(ONE)
    assert sorted(each.shard for each in taken) == list(ALL)
    assert {each.epoch for each in taken} == {1}
    view = await shards.beat(ONE)
    assert (list(view.live), view.foreign) == ([ONE.id], [])


async def test_its_next_start_owns_them_at_once_in_a_newer_epoch(shards: ShardRepository) -> None:
    await shards.join(ONE)
    again = replace(ONE, run="2")
    assert {(each.epoch, each.previous) for each in await shards.join(again)} == {(2, ONE.id)}
    with pytest.raises(AbortedError, match=r"worker\.replaced"):
        await shards.beat(ONE)
    with pytest.raises(AbortedError, match=r"worker\.replaced"):
        await shards.claim(ONE, lambda view: ALL)


async def test_a_second_worker_takes_nothing_from_one_that_is_alive(shards: ShardRepository) -> None:
    await shards.join(ONE)
    assert await shards.join(TWO) == []
    assert await shards.claim(TWO, orphans) == []
    rows, live = await shards.owners()
    assert {row.owner for row in rows} == {ONE.id}
    assert live[TWO.id].address == TWO.address


async def test_what_a_silent_worker_had_is_taken_by_one_of_the_others(
    shards: ShardRepository, database: Database
) -> None:
    await shards.join(ONE)
    await shards.join(TWO)
    three = Worker("three", "1", "")
    await shards.join(three)
    heard_ms = await fall_silent(database, ONE)
    claims = await asyncio.gather(shards.claim(TWO, orphans), shards.claim(three, orphans))
    taken = [each for claim in claims for each in claim]
    assert sorted(each.shard for each in taken) == list(ALL), "each by one, and none by both"
    assert {(each.epoch, each.previous, each.ended_ms) for each in taken} == {(2, ONE.id, heard_ms)}
    assert {row.previous for row in (await shards.owners())[0]} == {ONE.id}
    view = await shards.beat(ONE)
    assert len(view.foreign) == SHARDS, "it hears of its loss when it comes back"


async def test_what_a_worker_never_heard_that_it_took_it_takes_again(shards: ShardRepository) -> None:
    await shards.join(ONE)
    assert (await shards.beat(ONE)).owned == SHARDS
    taken = await shards.reclaim(ONE, ALL[3:])
    assert sorted((each.shard, each.epoch) for each in taken) == [(0, 2), (1, 2), (2, 2)]


async def test_a_shard_changes_hands_when_its_successor_is_ready_and_its_owner_lets_go(
    shards: ShardRepository,
) -> None:
    await shards.join(ONE)
    await shards.join(TWO)
    assert sorted(await shards.prepare(TWO, [5, 6])) == [5, 6]
    assert await shards.prepare(replace(TWO, id="three"), [5]) == [], "one at a time gets ready"
    await shards.be_ready(TWO, [5])
    asked = {row.shard: row.ready for row in (await shards.beat(ONE)).foreign}
    assert asked == {5: True, 6: False}
    await shards.release(ONE, [5])
    (taken,) = await shards.claim(TWO, orphans)
    assert (taken.shard, taken.epoch, taken.ended_ms) == (5, 2, 0)
    row = (await shards.owners())[0][5]
    assert (row.owner, row.previous, row.successor, row.ready) == (TWO.id, ONE.id, "", False)


async def test_an_epoch_is_raised_only_by_its_owner(shards: ShardRepository) -> None:
    await shards.join(ONE)
    epochs = {3: 1, 4: 1, 5: 7}
    assert await shards.outdo(ONE.id, {3: 9, 4: 10, 5: 9}, epochs) == {3: 10, 4: 11}
    assert await shards.outdo(TWO.id, {3: 20}, {3: 10}) == {}


async def fall_silent(database: Database, worker: Worker) -> int:
    """As if the worker was last heard of ten seconds ago. When that was, ms since 1970 UTC."""
    async with database.write() as connection:
        where = {"id": worker.id}
        await connection.execute(
            sa.text("UPDATE workers SET heartbeat_ms = heartbeat_ms - 10000 WHERE id = :id"), where
        )
        found = await connection.scalar(sa.text("SELECT heartbeat_ms FROM workers WHERE id = :id"), where)
    return int(found or 0)
