"""What ingest calls to commit: an epoch opened, segments and gaps told, over gRPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snowlight.api.storage.v1 import storage_pb2
from snowlight.rpc.status import remote_errors
from tests.rpc.storage.footage import START_MS

if TYPE_CHECKING:
    from snowlight.api.storage.v1.storage_pb2_grpc import StorageAsyncStub as Storage

COMMITTED = storage_pb2.CommitResult.COMMITTED
DUPLICATE = storage_pb2.CommitResult.DUPLICATE
SUPERSEDED = storage_pb2.CommitResult.SUPERSEDED


async def open_epoch(storage: Storage, epoch: int, shard: int = 7) -> None:
    with remote_errors("services/storage"):
        await storage.OpenEpoch(storage_pb2.OpenEpochRequest(shard=shard, epoch=epoch, from_ms=START_MS))


async def commit(
    storage: Storage, *segments: storage_pb2.Segment, gaps: tuple[storage_pb2.Gap, ...] = ()
) -> list[storage_pb2.CommitResult.Outcome.ValueType]:
    with remote_errors("services/storage"):
        request = storage_pb2.CommitSegmentsRequest(shard=7, segments=segments, gaps=gaps)
        response = await storage.CommitSegments(request)
    assert [result.key for result in response.results] == [each.key for each in segments]
    return [result.outcome for result in response.results]
