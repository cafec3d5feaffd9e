"""Telling storage what lies in the object store, and where nothing does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from services.ingest.status.gaps import Gap
from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc
from snowlight.errors import FailedPreconditionError, NotFoundError, SnowlightError
from snowlight.rpc.status import remote_errors

CALL_SECONDS = 30.0
RETRY_SECONDS = 2.0
_UNKNOWN = "unknown"
EPOCH_UNKNOWN = "storage.epoch_unknown"

log = structlog.get_logger(__name__)


class Commits:
    """The way to storage, in the name of the owner of shards. All calls raise what storage raised."""

    def __init__(self, storage: storage_pb2_grpc.StorageAsyncStub) -> None:
        self._storage = storage
        self._opened: dict[int, storage_pb2.OpenEpochRequest] = {}

    async def open_epochs(self, epochs: Mapping[int, int], from_ms: int) -> dict[int, int]:
        """Tell storage of epochs by shard, however long it is away. Recording to the spool needs no leave.

        Returns, by shard, the newest epoch that storage knows where that is a newer one; there none was
        opened.
        """
        openings = [
            storage_pb2.OpenEpochRequest(shard=shard, epoch=epoch, from_ms=from_ms)
            for shard, epoch in sorted(epochs.items())
        ]
        while True:
            try:
                newer = await self._open(openings)
            except SnowlightError as error:
                log.warning("epochs.unopened", shards=len(epochs), reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)
            else:
                log.info("epochs.opened", shards=len(epochs) - len(newer))
                self._opened |= {each.shard: each for each in openings if each.shard not in newer}
                return newer

    async def last_committed(self, uid: str, start_ms: int, end_ms: int) -> int | None:
        """Where a camera's committed footage within the range ends; None when there is none."""
        committed = await self.committed(uid, start_ms, end_ms)
        return committed[-1][1] if committed else None

    async def committed(self, uid: str, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
        """(start, end) of a camera's committed footage within the range, oldest first."""
        timeline = await self._timeline(uid, start_ms, end_ms)
        return [(span.start_ms, span.end_ms) for span in timeline.spans]

    async def unexplained(self, uid: str, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
        """(start, end) of what storage has neither footage nor a cause of within the range, oldest first."""
        timeline = await self._timeline(uid, start_ms, end_ms)
        return [(gap.start_ms, gap.end_ms) for gap in timeline.gaps if gap.cause == _UNKNOWN]

    async def _timeline(self, uid: str, start_ms: int, end_ms: int) -> storage_pb2.GetTimelineResponse:
        request = storage_pb2.GetTimelineRequest(camera_uid=uid, start_ms=start_ms, end_ms=end_ms)
        try:
            with remote_errors("services/storage"):
                return await self._storage.GetTimeline(request, timeout=CALL_SECONDS)
        except NotFoundError:  # it never heard of the camera
            return storage_pb2.GetTimelineResponse()

    async def segments(self, segments: list[storage_pb2.Segment]) -> list[storage_pb2.CommitResult]:
        """Objects that lie in the store. One result each."""
        response = await self._commit(storage_pb2.CommitSegmentsRequest(by_camera=True, segments=segments))
        return list(response.results)

    async def gaps(self, gaps: Sequence[Gap]) -> None:
        """Gaps that began or ended."""
        messages = [
            storage_pb2.Gap(
                camera_uid=gap.uid, start_ms=gap.start_ms, end_ms=gap.end_ms or 0, cause=gap.cause
            )
            for gap in gaps
        ]
        await self._commit(storage_pb2.CommitSegmentsRequest(by_camera=True, gaps=messages))

    async def _commit(self, request: storage_pb2.CommitSegmentsRequest) -> storage_pb2.CommitSegmentsResponse:
        try:
            return await self._call(request)
        except FailedPreconditionError as error:
            if error.code != EPOCH_UNKNOWN or not self._opened:
                raise
            # Storage has lost its database since, and the catalogue was some seconds behind.
            await self._open(list(self._opened.values()))
            return await self._call(request)

    async def _call(self, request: storage_pb2.CommitSegmentsRequest) -> storage_pb2.CommitSegmentsResponse:
        with remote_errors("services/storage"):
            return await self._storage.CommitSegments(request, timeout=CALL_SECONDS)

    async def _open(self, openings: Sequence[storage_pb2.OpenEpochRequest]) -> dict[int, int]:
        with remote_errors("services/storage"):
            answer = await self._storage.OpenEpochs(
                storage_pb2.OpenEpochsRequest(epochs=openings), timeout=CALL_SECONDS
            )
        return {each.shard: each.epoch for each in answer.newer}
