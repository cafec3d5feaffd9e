"""What cameras do is told by the worker that owns them, whatever another one still believes."""

import asyncio
from collections.abc import AsyncIterator, Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.online.meter import HOUR_MS, CameraHour, Phase
from services.ingest.online.repository import OnlineRepository
from services.ingest.shards.own import IDLE_SECONDS, OwnShards
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import View, Worker
from services.ingest.status.board import StatusBoard
from services.ingest.status.gaps import GapLedger
from services.ingest.status.metrics import StatusMetrics
from services.ingest.status.repository import StatusRepository
from services.ingest.status.writer import StatusWriter
from snowlight.clock import SystemClock
from snowlight.database import Database, open_database
from snowlight.errors import UnavailableError
from snowlight.shards import shard_of
from tests.rpc.ingest.conftest import MIGRATIONS
from tests.rpc.ingest.test_shards import fall_silent

T = 1_700_000_000_000
ONE, TWO = Worker("one", "1", ""), Worker("two", "1", "")
KEPT, LOST = "camera-1", "camera-2"
SHARD = shard_of(LOST)
HOUR = T - T % HOUR_MS


@dataclass(frozen=True)
class Site:
    """A database, and the worker `ONE` that writes to it."""

    database: Database
    shards: ShardRepository
    board: StatusBoard
    statuses: StatusRepository
    writer: StatusWriter

    def tell(self, uid: str) -> None:
        """The worker has something of a camera for all tables."""
        observer = self.board.session(uid, f"cameras/{uid}")
        observer.on_session(7)
        observer.on_state("offline", "camera.closed: the stream ended", T)
        observer.on_gap_start(T, "camera_offline")

    async def lose(self) -> None:
        """`TWO` takes the shard of `LOST`, which the worker does not hear."""
        await self.shards.join(TWO)
        await fall_silent(self.database, ONE)
        assert await self.shards.claim(TWO, just_that)

    async def told(self) -> set[str]:
        """The cameras of which rows are there. None has some in one table alone."""
        gaps = {gap.uid for gap in await self.statuses.open_gaps()}
        assert gaps == {change.uid for change in (await self.statuses.states())[0]}
        assert gaps == (await self.statuses.discontinuities()).keys()
        return gaps


def hour_of(uid: str, online_ms: int) -> CameraHour:
    return CameraHour(uid, HOUR, 60_000, online_ms, T, Phase.ONLINE)


def just_that(view: View) -> Collection[int]:
    return [SHARD]


async def site_at(database: Database) -> Site:
    shards, statuses = ShardRepository(database), StatusRepository(database)
    board = StatusBoard(SystemClock(), GapLedger(), StatusMetrics(CollectorRegistry()))
    await shards.join(ONE)
    return Site(
        database, shards, board, statuses, StatusWriter(board, statuses, lambda: None, OwnShards(ONE))
    )


@pytest.fixture
async def site(database_url: str) -> AsyncIterator[Site]:
    async with open_database(database_url, service="ingest", migrations=MIGRATIONS) as database:
        yield await site_at(database)


@pytest.fixture
async def busy_site(postgres_url: str) -> AsyncIterator[Site]:
    """Where several may write at once."""
    async with open_database(postgres_url, service="ingest", migrations=MIGRATIONS) as database:
        yield await site_at(database)


async def test_a_worker_that_has_lost_a_camera_and_not_heard_of_it_tells_of_its_others_alone(
    site: Site,
) -> None:
    await site.lose()
    site.tell(KEPT)
    site.tell(LOST)
    await site.writer.flush()
    assert await site.told() == {KEPT}
    site.board.gaps.end(LOST, T + 9_000)
    await site.writer.flush()
    assert await site.told() == {KEPT}


async def test_the_hours_of_a_lost_camera_are_its_new_owners(site: Site) -> None:
    hours, own = OnlineRepository(site.database), OwnShards(ONE)
    await site.lose()
    await hours.write([hour_of(KEPT, 1), hour_of(LOST, 2)])  # as the owner of either has them
    await hours.mark_seen([shard_of(KEPT), SHARD], T)
    await hours.write([hour_of(KEPT, 3), hour_of(LOST, 4)], own)
    await hours.mark_seen([shard_of(KEPT), SHARD], T + 1, own)
    told = {hour.camera_uid: hour.online_ms for hour in await hours.of_hour([KEPT, LOST], HOUR)}
    assert told == {KEPT: 3, LOST: 2}
    assert (await hours.newest([shard_of(KEPT)])).keys() == {T + 1}
    assert (await hours.newest([SHARD])).keys() == {T}


async def test_it_tells_while_nobody_has_taken_its_shards_however_long_it_was_not_heard_of(
    site: Site,
) -> None:
    await site.shards.join(TWO)
    await fall_silent(site.database, ONE)
    site.tell(LOST)
    await site.writer.flush()
    assert await site.told() == {LOST}


async def test_a_run_that_was_replaced_tells_nothing_more(site: Site) -> None:
    await site.shards.join(replace(ONE, run="2"))
    site.tell(KEPT)
    await site.writer.flush()
    assert await site.told() == set()


async def test_what_could_not_be_told_before_the_camera_was_lost_is_told_no_more(site: Site) -> None:
    site.tell(LOST)
    changes, gaps = site.board.take(), site.board.gaps.take()
    site.board.leave(LOST)
    site.board.put_back(changes)
    site.board.gaps.put_back(gaps)
    assert site.board.gaps.take() == []
    await site.lose()
    await site.writer.flush()
    assert await site.told() == set()


async def test_who_takes_shards_waits_for_what_is_being_told_of_them(site: Site) -> None:
    await site.shards.join(TWO)
    await fall_silent(site.database, ONE)
    own = OwnShards(ONE)
    async with site.database.write() as connection:
        assert SHARD in await own.shards(connection)
        await own.check(connection, {SHARD})
        taking = asyncio.create_task(site.shards.claim(TWO, just_that))
        assert not (await asyncio.wait([taking], timeout=0.5))[0]
    assert [taken.shard for taken in await taking] == [SHARD]


class Overtaken(OwnShards):
    """Another worker takes a shard right after the writer has looked for the first time."""

    def __init__(self, site: Site) -> None:
        super().__init__(ONE)
        self._site = site
        self._looked = False

    async def shards(self, connection: AsyncConnection) -> AbstractSet[int]:
        found = await super().shards(connection)
        if not self._looked:
            self._looked = True
            await self._site.lose()
        return found


class Frozen(OwnShards):
    """The writer stands still right before its commit, until another worker has taken a shard."""

    def __init__(self, site: Site) -> None:
        super().__init__(ONE)
        self._site = site
        self.overtaken = False

    async def check(self, connection: AsyncConnection, shards: AbstractSet[int]) -> None:
        await super().check(connection, shards)
        async with asyncio.timeout(IDLE_SECONDS + 3):
            await self._site.lose()
        self.overtaken = True


async def test_nothing_is_told_of_a_camera_that_is_taken_while_it_is_written_about(busy_site: Site) -> None:
    site = busy_site
    writer = StatusWriter(site.board, site.statuses, lambda: None, Overtaken(site))
    site.tell(KEPT)
    site.tell(LOST)
    with pytest.raises(UnavailableError, match=r"worker\.shards_lost"):
        await writer.flush()
    assert await site.told() == set()
    await writer.flush()
    assert await site.told() == {KEPT}


async def test_a_writer_that_stands_still_holds_up_takers_for_two_seconds_and_has_written_nothing(
    busy_site: Site,
) -> None:
    site = busy_site
    frozen = Frozen(site)
    writer = StatusWriter(site.board, site.statuses, lambda: None, frozen)
    site.tell(LOST)
    with pytest.raises(UnavailableError):
        await writer.flush()
    assert frozen.overtaken
    assert await site.told() == set()
