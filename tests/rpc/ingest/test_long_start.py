"""A worker whose start takes longer than its lease: others have its cameras meanwhile, and it hears of that
before it begins with anything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from services.ingest.commit import Commits
from services.ingest.keeping import open_keeping, open_spool
from services.ingest.registry.record import PlacedCamera
from services.ingest.shards.lease import FENCE_SECONDS
from services.ingest.shards.membership import Membership, join
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import Worker
from services.ingest.status.gaps import Gap, GapLedger
from services.ingest.status.reporter import GapReporter
from services.ingest.status.repository import StatusRepository
from services.ingest.stores.placement import Placement
from snowlight.api.storage.v1 import storage_pb2_grpc
from snowlight.database import Database, open_database
from snowlight.errors import AbortedError
from snowlight.runtime import build_runtime
from snowlight.shards import SHARDS, shard_of
from tests.parts.clock import MovableClock
from tests.rpc.ingest.cluster import cluster_settings, ingest_settings
from tests.rpc.ingest.conftest import MIGRATIONS
from tests.rpc.ingest.test_shards import fall_silent

T = 1_700_000_000_000
REGION = "regions/421381"
ONE, TWO = Worker("one", "2", ""), Worker("two", "1", "")
KEPT, LOST = "camera-1", "camera-2"

Meanwhile = Callable[[], Awaitable[object]]


class LongRecovery(GapReporter):
    """What happens while a spool is recovered that holds a minute which nobody can read."""

    meanwhile: Meanwhile

    async def record(self, gaps: Sequence[Gap]) -> None:
        await super().record(gaps)
        await self.meanwhile()


@dataclass(frozen=True)
class Start:
    """Of the worker `ONE`, with a minute of each camera in its spool."""

    database: Database
    shards: ShardRepository
    clock: MovableClock
    membership: Membership
    ledger: GapLedger
    recover: Callable[[Meanwhile], Awaitable[object]]


@asynccontextmanager
async def starting(folder: Path, database: Database) -> AsyncIterator[Start]:
    cluster = cluster_settings(folder)
    settings = ingest_settings(cluster, worker=ONE.id, spool_dir=folder / "spool")
    runtime = build_runtime("ingest", cluster)
    spool = open_spool(runtime, settings)
    for uid in (KEPT, LOST):
        (spool.folder / f"{uid}.{T}-1-1-1-00000000.mp4").write_bytes(b"not footage")
    async with runtime.channel(cluster.storage_address) as channel:
        storage: storage_pb2_grpc.StorageAsyncStub = storage_pb2_grpc.StorageStub(channel)
        commits, shards, statuses = Commits(storage), ShardRepository(database), StatusRepository(database)
        clock = MovableClock()
        membership = await join(ONE, shards, commits, clock, spool.raise_epoch)
        ledger = GapLedger()

        async def recover(meanwhile: Meanwhile) -> None:
            reporter = LongRecovery(statuses, commits.gaps)
            reporter.meanwhile = meanwhile
            await open_keeping(
                runtime,
                settings,
                database,
                spool,
                membership,
                commits,
                Placement(frozenset({settings.store.name}), settings.store.name, {}),
                [PlacedCamera(uid, REGION, T) for uid in (KEPT, LOST)],
                ledger,
                statuses,
                reporter,
                is_clock_right=lambda: True,
            )

        yield Start(database, shards, clock, membership, ledger, recover)


@pytest.fixture
async def start(tmp_path: Path, database_url: str) -> AsyncIterator[Start]:
    async with (
        open_database(database_url, service="ingest", migrations=MIGRATIONS) as database,
        starting(tmp_path, database) as start,
    ):
        yield start


async def test_cameras_that_another_worker_took_meanwhile_are_left_to_it(start: Start) -> None:
    async def lose_one() -> None:
        await start.shards.join(TWO)
        await fall_silent(start.database, ONE)
        assert await start.shards.claim(TWO, lambda view: [shard_of(LOST)])

    assert start.membership.has_all
    await start.recover(lose_one)
    terms = start.membership.terms
    assert (terms.owns(KEPT), terms.owns(LOST), len(terms.shards)) == (True, False, SHARDS - 1)
    assert start.ledger.open_gap(KEPT) is not None
    assert start.ledger.open_gap(LOST) is None
    assert ONE.id in (await start.shards.owners())[1], "it was heard of again"


async def test_a_worker_that_was_alone_when_it_joined_may_not_be_any_more(start: Start) -> None:
    await start.recover(lambda: start.shards.join(TWO))
    assert start.membership.fence.is_open
    start.clock.ahead_s += FENCE_SECONDS
    assert not start.membership.fence.is_open


async def test_a_run_that_was_replaced_meanwhile_begins_with_nothing(start: Start) -> None:
    with pytest.raises(AbortedError, match=r"worker\.replaced"):
        await start.recover(lambda: start.shards.join(replace(ONE, run="3")))
    assert start.ledger.take() == []
