"""Telling storage what lies in the object store."""

from __future__ import annotations

from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc
from snowlight.rpc.status import remote_errors

CALL_SECONDS = 30.0


class SegmentCommit:
    """The uploader's way to storage, in the name of one shard's owner."""

    def __init__(self, storage: storage_pb2_grpc.StorageAsyncStub, shard: int) -> None:
        self._storage = storage
        self._shard = shard

    async def __call__(self, segments: list[storage_pb2.Segment]) -> list[storage_pb2.CommitResult]:
        """One result a segment. Raises the tree's error that storage raised."""
        request = storage_pb2.CommitSegmentsRequest(shard=self._shard, segments=segments)
        with remote_errors("services/storage"):
            response = await self._storage.CommitSegments(request, timeout=CALL_SECONDS)
        return list(response.results)
