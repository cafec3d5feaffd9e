"""Pods that are told to drain, in the database: SQLite and PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from services.ingest.shards.drains import AUTOSCALER, DISRUPTION, STOP, DrainRepository, Remains
from services.ingest.shards.outlook import Outlook
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import Load, Worker
from snowlight.database import Database, open_database
from snowlight.shards import SHARDS
from tests.rpc.ingest.conftest import MIGRATIONS

ONE = Worker("one", "1", "", zone="a", pod="pod-0")
TWO = Worker("two", "1", "127.0.0.1:7102", zone="b", pod="pod-1")
CAMERAS = dict.fromkeys(range(SHARDS), 0)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, service="ingest", migrations=MIGRATIONS) as database:
        yield database


@pytest.fixture
def shards(database: Database) -> ShardRepository:
    return ShardRepository(database)


@pytest.fixture
def drains(database: Database) -> DrainRepository:
    return DrainRepository(database)


async def test_a_worker_that_drains_takes_nothing_and_others_want_all_that_it_has(
    shards: ShardRepository, drains: DrainRepository
) -> None:
    await shards.join(ONE)
    await shards.join(TWO)
    await drains.ask("pod-0", AUTOSCALER)
    await drains.ask("pod-0", STOP)
    await drains.ask("pod-0", STOP)
    assert await drains.asked() == {"pod-0": {AUTOSCALER, STOP}}
    view = await shards.beat(TWO)
    assert view.live["one"].weight == 0
    assert view.live["two"].weight == 1
    assert len(Outlook(view, "two").wanted(CAMERAS)) == 256
    assert Outlook(await shards.beat(ONE), "one").wanted(CAMERAS) == []
    assert await shards.has_others(ONE)
    assert not await shards.has_others(TWO)


async def test_a_drain_that_all_have_taken_back_is_none(
    shards: ShardRepository, drains: DrainRepository
) -> None:
    await shards.join(ONE)
    await shards.join(TWO)
    await drains.ask("pod-0", AUTOSCALER)
    await drains.ask("pod-0", DISRUPTION)
    await drains.take_back(["pod-0"], AUTOSCALER)
    assert (await shards.beat(TWO)).live["one"].weight == 0
    await drains.take_back(["pod-0", "pod-7"], DISRUPTION)
    assert (await shards.beat(TWO)).live["one"].weight == 1
    assert await drains.asked() == {}


async def test_where_all_are_to_drain_all_go_on(shards: ShardRepository, drains: DrainRepository) -> None:
    await shards.join(ONE)
    await shards.join(TWO)
    await drains.ask("pod-0", AUTOSCALER)
    await drains.ask("pod-1", DISRUPTION)
    view = await shards.beat(ONE)
    assert {worker.weight for worker in view.live.values()} == {1.0}
    await shards.beat(replace(TWO, stops=True))
    assert await shards.has_others(TWO)


async def test_a_pod_that_comes_anew_drains_only_if_the_autoscaler_wants_it(
    shards: ShardRepository, drains: DrainRepository
) -> None:
    await shards.join(ONE)
    await shards.join(TWO)
    for asked_by in (AUTOSCALER, STOP, DISRUPTION):
        await drains.ask("pod-1", asked_by)
    await shards.join(replace(TWO, run="2"))
    assert await drains.asked() == {"pod-1": {AUTOSCALER}}


async def test_a_pod_has_drained_when_its_workers_own_nothing_and_have_uploaded_all(
    shards: ShardRepository, drains: DrainRepository
) -> None:
    await shards.join(ONE)
    await shards.join(TWO)
    await shards.beat(ONE, Load(cameras=3, spool_files=5))
    assert await drains.remains("pod-0") == Remains(SHARDS, 5)
    await shards.release(ONE, range(SHARDS))
    assert await drains.remains("pod-0") == Remains(SHARDS, 5)
    await shards.claim(TWO, lambda view: range(SHARDS))
    await shards.beat(ONE, Load(spool_files=2))
    assert await drains.remains("pod-0") == Remains(0, 2)
    await shards.beat(ONE)
    assert not await drains.remains("pod-0")
    assert not await drains.remains("pod-9")


async def test_a_zone_weighs_what_its_workers_do_that_are_away_for_a_while(
    shards: ShardRepository, drains: DrainRepository
) -> None:
    await shards.join(ONE)
    await shards.join(replace(TWO, weight=3.0))
    assert (await shards.beat(ONE)).zones == {"a": 1.0, "b": 3.0}
    await shards.leave(TWO)
    view = await shards.beat(ONE)
    assert (list(view.live), view.zones) == (["one"], {"a": 1.0, "b": 3.0})
    await drains.ask("pod-1", AUTOSCALER)
    assert (await shards.beat(ONE)).zones == {"a": 1.0}


async def test_a_worker_that_learns_its_zone_later_tells_it_with_its_heartbeat(
    shards: ShardRepository,
) -> None:
    await shards.join(replace(ONE, zone=""))
    await shards.join(TWO)
    assert (await shards.beat(TWO)).zones == {"": 1.0, "b": 1.0}
    await shards.beat(ONE)
    view = await shards.beat(TWO)
    assert (view.live["one"].zone, view.zones) == ("a", {"a": 1.0, "b": 1.0})
