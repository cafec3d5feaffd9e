"""An ingest whose database began anew goes on where storage remembers a newer epoch than its own."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from services.ingest.commit import Commits
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import Worker
from services.ingest.shards.terms import Terms
from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.database import open_database
from snowlight.rpc.status import remote_errors
from snowlight.shards import SHARDS
from tests.crash.child import child
from tests.crash.process import UID
from tests.rpc.ingest.conftest import MIGRATIONS
from tests.rpc.recording.spooled import Minutes
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.footage import START_MS, segment
from tests.waiting import eventually

KNOWN, RAISED = 7, 8
WORKER = Worker("0", "run", "")
RECORDED_S = 8
ROUNDING_MS = 5


@pytest.fixture
def cluster(empty_database_url: str, tmp_path: Path) -> Cluster:
    """Storage on a database of its own."""
    return Cluster(empty_database_url, tmp_path)


async def remember(storage: storage_pb2_grpc.StorageAsyncStub) -> None:
    """Let storage know an epoch of each shard from a time before."""
    with remote_errors("services/storage"):
        opening = storage_pb2.OpenEpochsRequest(
            epochs=[
                storage_pb2.OpenEpochRequest(shard=shard, epoch=KNOWN, from_ms=START_MS)
                for shard in range(SHARDS)
            ]
        )
        assert not (await storage.OpenEpochs(opening)).newer


async def test_what_it_records_is_uploaded_and_committed(cluster: Cluster, tmp_path: Path) -> None:
    """Before storage is reached and after, without a hole between the epochs."""
    now_ms = cluster.runtime("ingest").clock.now_ms()
    await cluster.registry.put(UID, retention_days=30, created_ms=now_ms)
    spool = tmp_path / "spool"

    async def has_sealed() -> bool:
        return spool.exists() and len(list(spool.glob("*.mp4"))) > 1

    async with cluster.ingest():
        async with cluster.storage() as storage:
            await remember(storage)
        arguments = ("recording", str(now_ms), str(RECORDED_S))
        async with child(tmp_path / "ingest.log", cluster.environment, *arguments) as one:
            await eventually(has_sealed)
            async with cluster.storage() as storage:
                told = [tuple(map(int, line.split())) for line in await one.finished()]
                request = storage_pb2.ListSegmentsRequest(
                    camera_uid=UID, start_ms=now_ms, end_ms=now_ms + 60_000, without_fragments=True
                )
                rows = (await storage.ListSegments(request)).segments
    assert not list(spool.glob("*.mp4"))
    epochs = [row.epoch for row in rows]
    assert epochs == sorted(epochs)
    assert set(epochs) == {1, RAISED}, "recorded before storage was reached, and after"
    assert abs(rows[0].start_ms - told[0][0]) <= ROUNDING_MS
    assert abs(rows[-1].start_ms + rows[-1].duration_ms - sum(told[-1])) <= ROUNDING_MS
    for before, after in pairwise(rows):
        assert abs(before.start_ms + before.duration_ms - after.start_ms) <= ROUNDING_MS


async def test_files_begun_afterwards_are_of_the_raised_epoch(cluster: Cluster, tmp_path: Path) -> None:
    """Those of sessions that were there before, too; and the next start's epoch is newer still."""
    minutes = Minutes(tmp_path / "minutes", {})
    assert minutes.seal("cam", 0, epoch=1).name.epoch == 1
    url = f"sqlite+aiosqlite:///{tmp_path / 'ingest.db'}"
    async with (
        cluster.ingest(),
        cluster.storage() as storage,
        open_database(url, service="ingest", migrations=MIGRATIONS) as database,
    ):
        await remember(storage)
        shards = ShardRepository(database)
        terms = Terms(shards, Commits(storage), WORKER.id, SystemClock(), minutes.spool.raise_epoch)
        terms.take(await shards.join(WORKER))
        assert terms.epoch_of("cam") == 1
        await terms.open()
        assert terms.epoch_of("cam") == RAISED
        assert minutes.seal("cam", 1, epoch=1).name.epoch == RAISED
        assert {taken.epoch for taken in await shards.join(WORKER)} == {RAISED + 1}


async def test_a_start_that_has_lost_its_shard_goes_on_in_its_older_epoch(
    cluster: Cluster, tmp_path: Path
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'ingest.db'}"
    raised: list[tuple[int, int]] = []

    def on_raised(shard: int, epoch: int) -> None:
        raised.append((shard, epoch))

    async with (
        cluster.ingest(),
        cluster.storage() as storage,
        open_database(url, service="ingest", migrations=MIGRATIONS) as database,
    ):
        commits, shards, clock = Commits(storage), ShardRepository(database), SystemClock()
        old, new = (Terms(shards, commits, WORKER.id, clock, on_raised) for _ in range(2))
        for terms in (old, new):
            terms.take(await shards.join(WORKER))
        await new.open()
        await old.open()
        assert (old.epoch_of("cam"), new.epoch_of("cam"), raised) == (1, 2, [])
        (result,) = await commits.segments([segment("cam", epoch=1)])
        assert result.outcome == storage_pb2.CommitResult.COMMITTED
