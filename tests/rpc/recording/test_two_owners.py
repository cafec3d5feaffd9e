"""Two workers that both believe they own one camera, on a real storage service, PostgreSQL and MinIO."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.ingest.commit import Commits
from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc
from snowlight.errors import FailedPreconditionError
from snowlight.object_store import open_store
from snowlight.rpc.status import remote_errors
from snowlight.shards import shard_of
from tests.parts.minio import MinioServer
from tests.rpc.recording.replay import Ledger
from tests.rpc.recording.spooled import MINUTE_MS, Minutes
from tests.rpc.storage.conftest import Cluster
from tests.unit.media.feed import START_MS

UID = "01j8zq2m9rfakt4v0c7n5xw3hd"
SHARD = shard_of(UID)


class Told(Ledger):
    """Storage itself; keeps what it answered, by the minute."""

    def __init__(self, storage: storage_pb2_grpc.StorageAsyncStub) -> None:
        super().__init__()
        self._commits = Commits(storage)
        self.outcomes: dict[int, str] = {}

    async def commit(self, segments: list[storage_pb2.Segment]) -> list[storage_pb2.CommitResult]:
        results = await self._commits.segments(segments)
        for segment, result in zip(segments, results, strict=True):
            outcome = storage_pb2.CommitResult.Outcome.Name(result.outcome)
            self.outcomes[(segment.start_ms - START_MS) // MINUTE_MS] = outcome
        return results


async def open_epoch(storage: storage_pb2_grpc.StorageAsyncStub, epoch: int) -> None:
    with remote_errors("services/storage"):
        await storage.OpenEpoch(storage_pb2.OpenEpochRequest(shard=SHARD, epoch=epoch, from_ms=START_MS))


async def test_the_old_owners_footage_is_searchable_only_where_it_overlaps_nothing(
    minio_server: MinioServer, minio_bucket: str, postgres_url: str, tmp_path: Path
) -> None:
    settings = minio_server.store(minio_bucket)
    cluster = Cluster(postgres_url, tmp_path, settings)
    async with cluster.storage() as storage:
        store = open_store(settings, tmp_path)
        old = Minutes(tmp_path / "old", {"default": store}, ledger=Told(storage))
        new = Minutes(tmp_path / "new", {"default": store}, ledger=Told(storage))

        await open_epoch(storage, 1)
        async with old.uploading():
            old.seal(UID, 0, epoch=1)
            await old.empty()
        await open_epoch(storage, 2)
        async with new.uploading():
            for minute in (1, 2, 3):
                new.seal(UID, minute, epoch=2)
            await new.empty()
        with pytest.raises(FailedPreconditionError, match=r"storage\.epoch_old"):
            await open_epoch(storage, 1)
        async with old.uploading():  # it never heard of its successor
            for minute in (1, 2, 4):
                old.seal(UID, minute, epoch=1)
            await old.empty()

        assert isinstance(old.ledger, Told)
        assert old.ledger.outcomes == {0: "COMMITTED", 1: "SUPERSEDED", 2: "SUPERSEDED", 4: "COMMITTED"}
        request = storage_pb2.ListSegmentsRequest(
            camera_uid=UID, start_ms=START_MS, end_ms=START_MS + 10 * MINUTE_MS, without_fragments=True
        )
        listed = (await storage.ListSegments(request)).segments
        assert [((each.start_ms - START_MS) // MINUTE_MS, each.epoch) for each in listed] == [
            (0, 1),
            (1, 2),
            (2, 2),
            (3, 2),
            (4, 1),
        ]
        found = {each["path"] async for batch in store.list("rec/") for each in batch}
        assert {each.key for each in listed} <= found
        assert len(found) == 7  # what was refused lies in the bucket still, for the reconciler to set aside
