"""Weights are corrected by what health has measured, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from services.ingest.health.meter import HOUR_MS, HealthHour
from services.ingest.health.repository import HealthRepository
from services.ingest.shards.balancer import Balancer
from services.ingest.shards.rendezvous import wanted_owners
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import Worker
from snowlight.clock import SystemClock
from snowlight.database import Database, open_database
from snowlight.shards import SHARDS, shard_of
from tests.rpc.ingest.conftest import MIGRATIONS

ONE, TWO = Worker("one", "1", ""), Worker("two", "1", "")
BYTES_A_MINUTE = 15_000_000
CAMERAS = 4 * SHARDS


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, service="ingest", migrations=MIGRATIONS) as database:
        yield database


async def shared(shards: ShardRepository) -> None:
    """Each of two workers has its share of the shards, and nothing moves."""
    await shards.join(ONE)
    await shards.join(TWO)
    theirs = [shard for shard, owner in enumerate(wanted_owners({"one": 1, "two": 1})) if owner == "two"]
    await shards.prepare(TWO, theirs)
    await shards.release(ONE, theirs)
    assert len(await shards.claim(TWO, lambda view: theirs)) == len(theirs)


async def test_a_worker_whose_cameras_send_more_gets_fewer_shards(database: Database) -> None:
    shards, health, clock = ShardRepository(database), HealthRepository(database), SystemClock()
    balancer = Balancer(shards, health, clock, lambda: True)

    async def corrections() -> dict[str, float]:
        await shards.beat(ONE)
        await shards.beat(TWO)
        await balancer.look()
        return {worker.id: worker.correction for worker in (await shards.owners())[1].values()}

    await shared(shards)
    owners = {row.shard: row.owner for row in (await shards.owners())[0]}
    hour_ms = clock.now_ms() // HOUR_MS * HOUR_MS
    hours = []
    for number in range(CAMERAS):
        uid = f"camera-{number}"
        sent = BYTES_A_MINUTE * (3 if owners[shard_of(uid)] == "one" else 1)
        hours.append(HealthHour(uid, hour_ms, bytes=sent, media_ms=60_000))
    await health.add(hours)

    of_one = next(shard for shard, owner in owners.items() if owner == "one")
    await shards.prepare(TWO, [of_one])
    assert await corrections() == {"one": 1, "two": 1}, "a shard changes hands"
    await shards.release(ONE, [of_one])
    await shards.claim(TWO, lambda view: [of_one])
    corrected = await corrections()
    assert corrected["one"] < 1 < corrected["two"]

    await shards.join(replace(ONE, run="2"))
    live = (await shards.owners())[1]
    assert (live["one"].capacity, live["one"].weight) == (1, corrected["one"]), "a restart changes nothing"
