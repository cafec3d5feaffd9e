"""Telling storage what lies in the object store, and where nothing does."""

from __future__ import annotations

from collections.abc import Sequence

from services.ingest.status.gaps import Gap
from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc
from snowlight.errors import NotFoundError
from snowlight.rpc.status import remote_errors

CALL_SECONDS = 30.0


class Commits:
    """The way to storage, in the name of one shard's owner. All calls raise what storage raised."""

    def __init__(self, storage: storage_pb2_grpc.StorageAsyncStub, shard: int) -> None:
        self._storage = storage
        self._shard = shard

    async def last_committed(self, uid: str, start_ms: int, end_ms: int) -> int | None:
        """Where a camera's committed footage within the range ends; None when there is none."""
        request = storage_pb2.GetTimelineRequest(camera_uid=uid, start_ms=start_ms, end_ms=end_ms)
        try:
            with remote_errors("services/storage"):
                timeline = await self._storage.GetTimeline(request, timeout=CALL_SECONDS)
        except NotFoundError:  # it never heard of the camera
            return None
        return timeline.spans[-1].end_ms if timeline.spans else None

    async def segments(self, segments: list[storage_pb2.Segment]) -> list[storage_pb2.CommitResult]:
        """Objects that lie in the store. One result each."""
        request = storage_pb2.CommitSegmentsRequest(shard=self._shard, segments=segments)
        with remote_errors("services/storage"):
            response = await self._storage.CommitSegments(request, timeout=CALL_SECONDS)
        return list(response.results)

    async def gaps(self, gaps: Sequence[Gap]) -> None:
        """Gaps that began or ended."""
        messages = [
            storage_pb2.Gap(
                camera_uid=gap.uid, start_ms=gap.start_ms, end_ms=gap.end_ms or 0, cause=gap.cause
            )
            for gap in gaps
        ]
        request = storage_pb2.CommitSegmentsRequest(shard=self._shard, gaps=messages)
        with remote_errors("services/storage"):
            await self._storage.CommitSegments(request, timeout=CALL_SECONDS)
